// Node's fetch and its http module with kept connections. Reads a plan, writes answers: see tests/clients/exchanges.py.

import fs from "node:fs";
import http from "node:http";
import { Readable } from "node:stream";
import zlib from "node:zlib";

function* chunks(body, size = 65_536) {
  for (let start = 0; start < body.length; start += size) yield body.subarray(start, start + size);
}

async function byFetch({ method, url, body, headers, framing }) {
  const chunked = framing === "chunked";
  const response = await fetch(url, {
    method,
    headers,
    redirect: "manual",
    body: chunked ? Readable.toWeb(Readable.from(chunks(body))) : body,
    duplex: chunked ? "half" : undefined,
  });
  // fetch has inflated the body already
  return [response.status, response.headers.get("content-encoding") ?? "", Buffer.from(await response.arrayBuffer())];
}

const agent = new http.Agent({ keepAlive: true });

function byHttp({ method, url, body, headers, framing }) {
  return new Promise((resolve, reject) => {
    const length = body && framing !== "chunked" ? { "Content-Length": body.length } : {};
    const expect = framing === "expect" ? { Expect: "100-continue" } : {};
    const request = http.request(url, { method, agent, headers: { ...headers, ...length, ...expect } }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const encoding = response.headers["content-encoding"] ?? "";
        const received = Buffer.concat(parts);
        resolve([response.statusCode, encoding, encoding === "gzip" ? zlib.gunzipSync(received) : received]);
        if (!request.writableEnded) request.destroy();
      });
    });
    request.on("error", reject);
    request.setTimeout(20_000, () => request.destroy(new Error("no answer in 20 seconds")));
    if (framing === "expect") {
      request.flushHeaders();
      request.on("continue", () => request.end(body));
    } else if (framing === "chunked") {
      Readable.from(chunks(body)).pipe(request);
    } else {
      request.end(body);
    }
  });
}

function exchange(line) {
  const [name, method, url, body, headers, framing, times] = line.split("\t");
  return {
    name,
    method,
    url,
    body: body ? fs.readFileSync(body) : undefined,
    headers: headers ? Object.fromEntries(headers.split("|").map((header) => header.split(":"))) : {},
    framing,
    times: Number(times),
  };
}

const clients = { fetch: byFetch, http: byHttp };
for (const line of fs.readFileSync(process.argv[2], "utf8").trimEnd().split("\n")) {
  const planned = exchange(line);
  for (const [client, send] of Object.entries(clients)) {
    for (let i = 0; i < planned.times; i++) {
      const answer = await send(planned).catch((error) => [
        0,
        "",
        Buffer.from(`${error}${error.cause ? `, caused by ${error.cause}` : ""}`),
      ]);
      const [status, encoding, received] = answer;
      console.log([client, planned.name, status, encoding, received.toString("base64")].join("\t"));
    }
  }
}
