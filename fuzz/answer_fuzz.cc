// Answers of model servers, whole and streamed: an answer is a response or one printable refusal,
// and a streamed text is what its pieces add up to, however it was torn.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "fuzz/require.h"
#include "llm/catalog.h"
#include "llm/servers.h"
#include "net/http.h"

namespace {

using cortex::fuzz::require;

// Gives every request the same body, in pieces of one size.
class OneAnswer final : public cortex::net::Http {
 public:
  OneAnswer(std::string body, std::size_t piece) : body_(std::move(body)), piece_(piece) {}
  cortex::Result<cortex::net::Answer> send(const cortex::net::Request& request) override {
    for (std::size_t at = 0; request.on_piece && at < body_.size(); at += piece_) {
      if (request.on_piece(std::string_view(body_).substr(at, piece_))) continue;
      return cortex::make_error(cortex::Code::kPrecondition, "cut off");
    }
    return cortex::net::Answer{200, body_, {}};
  }

 private:
  std::string body_;
  std::size_t piece_;
};

void check_refusal(const cortex::Error& error) {
  require(error.code == cortex::Code::kPrecondition || error.code == cortex::Code::kInternal);
  require(cortex::fuzz::is_printable(error.text()));
}

std::string streamed(cortex::llm::Model& model, const cortex::llm::Request& request) {
  std::string pieces;
  const auto response = model.stream(request, [&pieces](std::string_view delta) {
    pieces += delta;
    return true;
  });
  if (!response.ok()) {
    check_refusal(response.error());
    return "refused";
  }
  require(response->text == pieces);
  return "said " + pieces;
}

using Make = cortex::Result<std::unique_ptr<cortex::llm::Model>> (*)(cortex::llm::ServerSettings,
                                                                     cortex::llm::Network);

void check_server(Make make, const std::string& body) {
  const cortex::llm::ServerSettings settings{.endpoint = "http://127.0.0.1:1",
                                             .model = "m@sha256:" + std::string(64, 'a'),
                                             .api_key = "k"};
  OneAnswer whole(body, body.size() + 1), torn(body, 3);
  const auto model = make(settings, {whole}), other = make(settings, {torn});
  require(model.ok() && other.ok());
  cortex::llm::Request request;
  const auto response = (*model)->complete(request);
  if (response.ok()) {
    require(response->raw_hash.size() == 64 && !response->model.empty());
  } else {
    check_refusal(response.error());
  }
  require(streamed(**model, request) == streamed(**other, request));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  for (const Make make :
       {cortex::llm::ollama_model, cortex::llm::claude_model, cortex::llm::openai_model}) {
    check_server(make, body);
  }
  OneAnswer catalog(body, 1);
  for (const auto& rows : {cortex::llm::list_ollama_models("http://127.0.0.1:1", catalog),
                           cortex::llm::list_openai_models("http://127.0.0.1:1", catalog)}) {
    if (!rows.ok()) check_refusal(rows.error());
  }
  return 0;
}
