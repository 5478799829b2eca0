#include "llm/catalog.h"

#include <utility>

#include "base/text.h"
#include "json/value.h"
#include "llm/servers.h"
#include "net/retry.h"

namespace cortex::llm {
namespace {

constexpr int kCatalogOk = 200;
constexpr int kTimeoutMillis = 10'000;

Error unusable(std::string message) {
  return make_error(Code::kInternal, std::move(message), "no state was changed",
                    "see whether another program answers there");
}

std::string text_of(const json::Value& from, std::string_view key) {
  const std::string* text = from.find_text(key);
  return text == nullptr ? std::string() : *text;
}

// The array `member` of what `url` answers.
Result<json::Array> fetch(const std::string& url, std::string_view member, net::Http& http) {
  net::Request request;
  request.url = url;
  request.headers = {"Accept: */*"};
  request.timeout_millis = kTimeoutMillis;
  request.answer_bytes_max = kAnswerBytesMax;
  auto answer = net::send_patiently(http, request, {.attempts = 2});
  if (!answer.ok()) {
    Error error = std::move(answer).error();
    error.unchanged = "no state was changed";
    if (error.next.empty()) error.next = "start the server, or correct its address";
    return error;
  }
  const std::string where = quoted(net::shown_url(url));
  if (answer->status != kCatalogOk) return unusable(cat(where, " answered HTTP ", answer->status));
  const auto body = json::parse(answer->body);
  const json::Value* rows = body.ok() ? body->find(member) : nullptr;
  if (rows == nullptr || rows->as_array() == nullptr) {
    return unusable(cat("the answer of ", where, " is no JSON with an array `", member, "`"));
  }
  return *rows->as_array();
}

// Rows without the member that names a model make the whole answer another thing than it should be.
Status take_name(const json::Value& from, std::string_view member, ModelRow& row) {
  const std::string* name = from.find_text(member);
  if (name == nullptr) return unusable(cat("the server lists a model without `", member, "`"));
  row.name = *name;
  return {};
}

}  // namespace

std::string openai_url(std::string_view endpoint, std::string_view path) {
  while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  if (endpoint.ends_with("/v1")) endpoint.remove_suffix(3);
  return net::join_url(endpoint, cat("v1/", path));
}

Result<std::vector<ModelRow>> list_ollama_models(const std::string& endpoint, net::Http& http) {
  CORTEX_ASSIGN(const json::Array found,
                fetch(net::join_url(endpoint, "api/tags"), "models", http));
  std::vector<ModelRow> rows;
  for (const json::Value& model : found) {
    ModelRow row;
    CORTEX_TRY(take_name(model, "name", row));
    row.digest = text_of(model, "digest");
    row.size_bytes = model.find_unsigned("size").value_or(0);
    if (const json::Value* details = model.find("details")) {
      row.parameter_size = text_of(*details, "parameter_size");
      row.quantization = text_of(*details, "quantization_level");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<std::vector<ModelRow>> list_openai_models(const std::string& endpoint, net::Http& http) {
  CORTEX_ASSIGN(const json::Array found, fetch(openai_url(endpoint, "models"), "data", http));
  std::vector<ModelRow> rows;
  for (const json::Value& model : found) {
    CORTEX_TRY(take_name(model, "id", rows.emplace_back()));
  }
  return rows;
}

}  // namespace cortex::llm
