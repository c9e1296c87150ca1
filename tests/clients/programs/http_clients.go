// Go's net/http. Reads a plan, writes answers: see tests/clients/exchanges.py.

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func send(client *http.Client, method, url string, body []byte, headers, framing string) (int, string, []byte, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
		if framing == "chunked" {
			reader = io.NopCloser(reader) // of an unknown length
		}
	}
	request, err := http.NewRequest(method, url, reader)
	if err != nil {
		return 0, "", nil, err
	}
	for _, header := range strings.Split(headers, "|") {
		if name, value, found := strings.Cut(header, ":"); found {
			request.Header.Set(name, value)
		}
	}
	if framing == "expect" {
		request.Header.Set("Expect", "100-continue")
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	var content io.Reader = response.Body
	encoding := response.Header.Get("Content-Encoding")
	if encoding == "gzip" {
		if content, err = gzip.NewReader(response.Body); err != nil {
			return 0, "", nil, err
		}
	}
	received, err := io.ReadAll(content)
	return response.StatusCode, encoding, received, err
}

func main() {
	plan, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	client := &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{ExpectContinueTimeout: 5 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, line := range strings.Split(strings.TrimSpace(string(plan)), "\n") {
		part := strings.Split(line, "\t")
		var body []byte
		if part[3] != "" {
			if body, err = os.ReadFile(part[3]); err != nil {
				panic(err)
			}
		}
		times, _ := strconv.Atoi(part[6])
		for range times {
			status, encoding, received, err := send(client, part[1], part[2], body, part[4], part[5])
			if err != nil {
				status, encoding, received = 0, "", []byte(err.Error())
			}
			fmt.Println(strings.Join([]string{
				"net/http", part[0], strconv.Itoa(status), encoding, base64.StdEncoding.EncodeToString(received),
			}, "\t"))
		}
	}
}
