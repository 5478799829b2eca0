// The models that a server has. One request; nothing is sent but the question.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace cortex::llm {

struct ModelRow {
  std::string name;
  std::string digest;  // as the server writes it, or ""
  std::uint64_t size_bytes = 0;
  std::string parameter_size, quantization;
};

// GET <endpoint>/api/tags and GET <endpoint>/v1/models. Errors: kPrecondition when nobody answers,
// kInternal for a status other than 200 and for an answer of another shape.
Result<std::vector<ModelRow>> list_ollama_models(const std::string& endpoint, net::Http& http);
Result<std::vector<ModelRow>> list_openai_models(const std::string& endpoint, net::Http& http);

// "<endpoint>/v1" + path, whether or not the endpoint ends in "/v1".
std::string openai_url(std::string_view endpoint, std::string_view path);

}  // namespace cortex::llm
