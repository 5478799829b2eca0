// What a language model is asked and what it answers, and the hash by which answers are recorded.
// Values without I/O; who carries them is a Model (model.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sensitivity.h"
#include "json/value.h"

namespace cortex::llm {

enum class Role : std::uint8_t { kUser, kAssistant, kTool };
std::string_view role_token(Role role);  // "user"

struct Message {
  Role role = Role::kUser;
  std::string content;
};

using core::Sensitivity;  // how far a text may travel; the gate is in sensitivity.h

struct Request {
  std::string model;
  std::string system;
  std::vector<Message> messages;
  float temperature = 0.0F;
  std::uint32_t max_tokens = 1024;
  std::optional<json::Value> json_schema{};  // the answer is asked to be a document of this schema
  int timeout_millis = 30'000;               // for the whole exchange
  // Servers are sent the messages alone, as reference 0.1.2 does; true: also the system text, the
  // temperature and the schema, each in the way of that server.
  bool whole = false;
  // Of what stands in the texts but bears its mark elsewhere: tags of memories. Is not sent.
  Sensitivity marked = Sensitivity::kLow;
};

struct Usage {
  std::uint64_t prompt_tokens = 0, completion_tokens = 0;
};

struct Response {
  std::string text;
  std::optional<json::Value> parsed_json{};  // the text as a document, when the model gave it so
  std::string model;                         // as the model names itself, else as it was asked
  std::optional<Usage> usage{};
  std::string raw_hash;  // BLAKE3 of the whole answer as it came, 64 lower-case hex characters
};

// The key of a recorded answer: BLAKE3, 64 lower-case hex characters, of the compact document
// {system, messages[{role, content}], temperature, max_tokens, json_schema}; the schema sorted and
// only when there is one. The other members take no part (docs/formats.md, "Replay fixtures").
std::string prompt_hash(const Request& request);
// The document that is hashed.
std::string prompt_document(const Request& request);

// {prompt_tokens, completion_tokens}, or null.
json::Value to_json(const std::optional<Usage>& usage);

}  // namespace cortex::llm
