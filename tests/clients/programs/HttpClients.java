// The HTTP clients of Java's standard library. Reads a plan, writes answers: see tests/clients/exchanges.py.

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;

public class HttpClients {
    record Exchange(String name, String method, String url, byte[] body, String[] headers, String framing, int times) {}

    record Answer(int status, String encoding, byte[] body) {}

    interface Client {
        Answer send(Exchange exchange) throws Exception;
    }

    /** Without a version it is HTTP_2: over http:// every request asks for an upgrade to h2c. */
    static HttpClient.Builder builder() {
        return HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY).connectTimeout(Duration.ofSeconds(10));
    }

    static HttpRequest request(Exchange exchange) {
        var builder = HttpRequest.newBuilder(URI.create(exchange.url)).timeout(Duration.ofSeconds(20));
        if (exchange.headers.length > 0) builder.headers(exchange.headers);
        builder.expectContinue(exchange.framing.equals("expect"));
        var body = exchange.body == null ? BodyPublishers.noBody()
            : exchange.framing.equals("chunked") ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(exchange.body))
            : BodyPublishers.ofByteArray(exchange.body);
        return builder.method(exchange.method, body).build();
    }

    static Answer answer(HttpResponse<byte[]> response) throws IOException {
        return answer(response.statusCode(), response.headers().firstValue("content-encoding").orElse(""), response.body());
    }

    static Answer answer(int status, String encoding, byte[] body) throws IOException {
        var inflated = encoding.equals("gzip") ? new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes() : body;
        return new Answer(status, encoding, inflated);
    }

    static Answer urlConnection(Exchange exchange) throws IOException {
        var connection = (HttpURLConnection) URI.create(exchange.url).toURL().openConnection(Proxy.NO_PROXY);
        connection.setRequestMethod(exchange.method);
        connection.setReadTimeout(20_000);
        connection.setInstanceFollowRedirects(false);
        for (int i = 0; i < exchange.headers.length; i += 2) {
            connection.setRequestProperty(exchange.headers[i], exchange.headers[i + 1]);
        }
        if (exchange.body != null) {
            connection.setDoOutput(true);
            if (exchange.framing.equals("chunked")) connection.setChunkedStreamingMode(65_536);
            try (OutputStream output = connection.getOutputStream()) {
                output.write(exchange.body);
            }
        }
        int status = connection.getResponseCode();
        String encoding = connection.getContentEncoding() == null ? "" : connection.getContentEncoding();
        try (InputStream input = status >= 400 ? connection.getErrorStream() : connection.getInputStream()) {
            return answer(status, encoding, input == null ? new byte[0] : input.readAllBytes());
        }
    }

    static Exchange exchange(String line) throws IOException {
        String[] parts = line.split("\t", -1);
        byte[] body = parts[3].isEmpty() ? null : Files.readAllBytes(Path.of(parts[3]));
        String[] headers = parts[4].isEmpty() ? new String[0] : parts[4].split("[:|]");
        return new Exchange(parts[0], parts[1], parts[2], body, headers, parts[5], Integer.parseInt(parts[6]));
    }

    static String describe(Throwable error) {
        return error + (error.getCause() == null ? "" : ", caused by " + describe(error.getCause()));
    }

    public static void main(String[] arguments) throws Exception {
        HttpClient upgrading = builder().build();
        HttpClient plain = builder().version(HttpClient.Version.HTTP_1_1).build();
        Map<String, Client> clients = new LinkedHashMap<>();
        clients.put("default", exchange -> answer(upgrading.send(request(exchange), BodyHandlers.ofByteArray())));
        clients.put("async", exchange -> answer(upgrading.sendAsync(request(exchange), BodyHandlers.ofByteArray()).get()));
        clients.put("http1", exchange -> answer(plain.send(request(exchange), BodyHandlers.ofByteArray())));
        clients.put("urlconnection", HttpClients::urlConnection);
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            Exchange exchange = exchange(line);
            for (var client : clients.entrySet()) {
                for (int i = 0; i < exchange.times; i++) {
                    Answer answer;
                    try {
                        answer = client.getValue().send(exchange);
                    } catch (Exception error) {
                        answer = new Answer(0, "", describe(error).getBytes());
                    }
                    System.out.println(String.join("\t", client.getKey(), exchange.name, "" + answer.status,
                        answer.encoding, Base64.getEncoder().encodeToString(answer.body)));
                }
            }
        }
        System.exit(0);
    }
}
