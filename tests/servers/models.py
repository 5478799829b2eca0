"""Language model servers on loopback: Ollama, the OpenAI chat protocol, and Claude's messages, true to their protocols.

They answer with `text` whatever they are asked, and keep what they were asked: `requests` (services.py) and `headers`.
Beside the modes of services.py: "busy" (status 429 twice, then an answer), "drip" (a streamed answer line by line),
"noise" (status 200 with something that is no JSON), "short" (a well-formed answer without an answer in it).
"""
import json

import services


class ModelServer(services.Service):
    slow_seconds = 3
    oversized_bytes = 11 << 20

    def __init__(self, text="Hello"):
        super().__init__()
        self.text, self.busy = text, 2

    def asked(self, path):
        return [json.loads(body) for method, p, body in self.requests if method == "POST" and p == path]

    def answer(self, method, path, body):
        if self.mode == "busy" and self.busy > 0 and method == "POST":
            self.busy -= 1
            return 429, b'{"error":"later"}'
        if self.mode == "noise":
            return 200, b"<html>the gateway says no</html>"
        if self.mode == "short":
            return 200, b"{}"
        if method == "GET":
            return self.catalog(path)
        request = json.loads(body)
        if request.get("stream"):
            return 200, "".join(line + "\n" for line in self.lines()).encode()
        return self.chat(path, request)

    def pieces(self):
        half = len(self.text) // 2
        return [p for p in (self.text[:half], self.text[half:]) if p]


class Ollama(ModelServer):
    models = {"tiny:1b": "ab" * 32}

    def catalog(self, path):
        if path != "/api/tags":
            return 404, b"404 page not found"
        rows = [{"name": n, "model": n, "digest": d, "size": 4661224676,
                 "details": {"parameter_size": "8.0B", "quantization_level": "Q4_0"}} for n, d in self.models.items()]
        return 200, json.dumps({"models": rows}).encode()

    def chat(self, path, request):
        if path != "/api/chat" or request["model"] not in self.models:
            return 404, b'{"error":"model not found"}'
        return 200, json.dumps({"model": request["model"], "message": {"role": "assistant", "content": self.text},
                                "done": True}).encode()

    def lines(self):
        for piece in self.pieces():
            yield json.dumps({"message": {"role": "assistant", "content": piece}, "done": False})
        yield json.dumps({"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"})


class OpenAi(ModelServer):
    def catalog(self, path):
        if path != "/v1/models":
            return 404, b"{}"
        return 200, json.dumps({"object": "list", "data": [{"id": "local-model"}, {"id": "other"}]}).encode()

    def chat(self, path, request):
        if path != "/v1/chat/completions":
            return 404, b"{}"
        return 200, json.dumps({"id": "x", "model": "served", "choices": [{"message": {"role": "assistant",
                                "content": self.text}}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}).encode()

    def lines(self):
        for piece in self.pieces():
            yield "data: " + json.dumps({"choices": [{"delta": {"content": piece}}]})
            yield ""
        yield "data: [DONE]"
        yield ""


class Claude(ModelServer):
    def catalog(self, path):
        return 404, b"{}"

    def chat(self, path, request):
        if path != "/v1/messages":
            return 404, b"{}"
        block = {"type": "text", "text": self.text}
        if request.get("tools"):
            block = {"type": "tool_use", "id": "t", "name": request["tools"][0]["name"], "input": json.loads(self.text)}
        return 200, json.dumps({"id": "m", "type": "message", "model": request["model"], "content": [block],
                                "usage": {"input_tokens": 3, "output_tokens": 2}}).encode()

    def lines(self):
        yield "event: message_start"
        yield "data: " + json.dumps({"type": "message_start", "message": {"model": "claude-x"}})
        yield ""
        for piece in self.pieces():
            yield "data: " + json.dumps({"type": "content_block_delta", "delta": {"type": "text_delta", "text": piece}})
            yield ""
        yield 'data: {"type":"message_stop"}'
        yield ""
