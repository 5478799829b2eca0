// Language models behind HTTP: Ollama on this machine, Claude, and whatever speaks the OpenAI chat
// protocol. One exchange a request, with the bounds of net/http.h; a server that is busy is asked
// again (net/retry.h).
//
// Errors of an answer are kPrecondition, their messages begin with "transport: ", "upstream: HTTP
// <status>", "timeout after <n> ms" or "response parse: ". They never hold a key or what the server
// wrote.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "llm/model.h"
#include "net/http.h"
#include "net/retry.h"

namespace cortex::llm {

inline constexpr std::string_view kOllamaAdapter = "ollama";
inline constexpr std::string_view kClaudeAdapter = "claude";
inline constexpr std::string_view kOpenaiAdapter = "openai-compat";
// Where servers are when nothing else is said.
inline constexpr std::string_view kOllamaEndpoint = "http://localhost:11434";
inline constexpr std::string_view kOpenaiEndpoint = "http://localhost:1234";
inline constexpr std::string_view kClaudeEndpoint = "https://api.anthropic.com";
inline constexpr std::size_t kAnswerBytesMax = 10U << 20;

struct ServerSettings {
  std::string endpoint;          // such as kOllamaEndpoint
  std::string model;             // as configured
  std::string api_key{};         // or ""
  int timeout_millis = 0;        // 0: that of each request
  std::uint32_t max_tokens = 0;  // at most so many; 0: those of each request
  net::Patience patience{};
};

// What a server is reached by; both outlive the models that are made with them.
struct Network {
  net::Http& http = net::system_http();
  net::Pauses& pauses = net::system_pauses();
};

// True for "<name>@sha256:<64 hex digits>".
bool is_pinned_reference(std::string_view model);

// Errors: kPrecondition, "invalid request: ...".
// Ollama: the endpoint is on this machine and the model is pinned; examine() compares the pin with
// what the server has.
Result<std::unique_ptr<Model>> ollama_model(ServerSettings settings, Network network);
// Claude: a key is there, the model is named and not as `latest`, and the endpoint is https or on
// this machine.
Result<std::unique_ptr<Model>> claude_model(ServerSettings settings, Network network);
// OpenAI: any http or https endpoint; "/v1" at its end may be left out.
Result<std::unique_ptr<Model>> openai_model(ServerSettings settings, Network network);

}  // namespace cortex::llm
