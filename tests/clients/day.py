"""A working day over MCP with the Python SDK, 1.x or 2.x.

    day.py JOB      JOB is JSON: {"steps": FILE, "known": {NAME: VALUE}, "token_file": FILE,
                                  "command": [...], "env": {...}} or with "url" and "bearer" instead of "command"

Prints one line of JSON: {"client", "protocol", "passed", "problems"}.
"""
import asyncio
import contextlib
import importlib.metadata
import json
import pathlib
import sys

import mcp
from mcp import StdioServerParameters

MODERN = hasattr(mcp, "Client")


class Day:
    def __init__(self, job, client):
        self.job, self.client, self.known = job, client, dict(job["known"])
        self.passed, self.problems = 0, []

    def fill(self, value):
        if isinstance(value, str):
            for name, text in self.known.items():
                value = value.replace("$" + name, text)
            return value
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        return [self.fill(item) for item in value] if isinstance(value, list) else value

    async def tools(self, step):
        result = await self.client.list_tools()
        return sorted(set(step["has"]) - {tool.name for tool in result.tools})

    async def call(self, step):
        try:
            result = await self.client.call_tool(step["tool"], step["args"])
        except Exception as error:  # noqa: BLE001: both SDKs have classes of their own for it
            return None if step.get("refused") and "MCPError McpError".find(type(error).__name__) >= 0 else repr(error)
        failed = result.is_error if MODERN else result.isError
        if failed or step.get("refused"):
            return None if failed and step.get("refused") else str(result.content)[:300]
        out = result.structured_content if MODERN else result.structuredContent
        for key, wanted in step.get("check", {}).items():
            if out.get(key) != wanted:
                return f"{key}: want {wanted!r}, got {out.get(key)!r}"
        for key, least in step.get("least", {}).items():
            if out.get(key, -1) < least:
                return f"{key}: want {least} at least, got {out.get(key)!r}"
        for name, key in step.get("keep", {}).items():
            self.known[name] = out[key]
        return None

    async def resources(self, step):
        result = await self.client.list_resources()
        return sorted(set(step["has"]) - {str(row.uri) for row in result.resources})

    async def read(self, step):
        uri = step["uri"] if MODERN else __import__("pydantic").AnyUrl(step["uri"])
        result = await self.client.read_resource(uri)
        return None if step["text"] in result.contents[0].text else result.contents[0].text[:300]

    async def prompt(self, step):
        result = await self.client.get_prompt(step["name"], step["args"])
        return None if any(step["text"] in message.content.text for message in result.messages) else "text is missing"

    async def complete(self, step):
        if MODERN:
            from mcp.types import ResourceTemplateReference as Reference
        else:
            from mcp.types import ResourceTemplateReference as Reference
        result = await self.client.complete(Reference(type="ref/resource", uri=step["uri"]),
                                            {"name": step["argument"], "value": step["value"]})
        return sorted(set(step["has"]) - set(result.completion.values))

    async def run(self):
        for step in json.loads(pathlib.Path(self.job["steps"]).read_text()):
            if "TOKEN" not in self.known and pathlib.Path(self.job["token_file"]).exists():
                self.known["TOKEN"] = pathlib.Path(self.job["token_file"]).read_text().strip()
            step = self.fill(step)
            problem = await getattr(self, step["do"])(step)
            if problem:
                self.problems.append(f"{step['do']} {step.get('tool', step.get('uri', ''))}: {problem}")
            else:
                self.passed += 1


@contextlib.asynccontextmanager
async def connect(job):
    headers = {"Authorization": f"Bearer {job['bearer']}"} if "url" in job else {}
    server = None if "url" in job else StdioServerParameters(command=job["command"][0], args=job["command"][1:],
                                                             env=job["env"])
    if MODERN:
        if server is None:
            import httpx2 as httpx
            from mcp.client.streamable_http import streamable_http_client
            server = streamable_http_client(job["url"], http_client=httpx.AsyncClient(headers=headers))
        async with mcp.Client(server, mode=job.get("mode", "auto")) as client:
            yield client, client.protocol_version
        return
    if server is None:
        from mcp.client.streamable_http import streamablehttp_client
        transport = streamablehttp_client(job["url"], headers=headers)
    else:
        from mcp.client.stdio import stdio_client
        transport = stdio_client(server)
    async with transport as streams, mcp.ClientSession(streams[0], streams[1]) as session:
        result = await session.initialize()
        yield session, result.protocolVersion


async def main():
    job = json.loads(sys.argv[1])
    async with connect(job) as (client, protocol):
        day = Day(job, client)
        await day.run()
    print(json.dumps({"client": f"Python mcp {importlib.metadata.version('mcp')}", "protocol": str(protocol),
                      "passed": day.passed, "problems": day.problems}))


asyncio.run(main())
