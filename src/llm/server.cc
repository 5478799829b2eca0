#include <algorithm>
#include <utility>

#include "base/text.h"
#include "crypto/digest.h"
#include "llm/wire.h"

namespace cortex::llm {
namespace {

constexpr int kHttpOk = 200;

Error no_answer(std::string message) {
  return make_error(Code::kPrecondition, std::move(message), "nothing was recorded",
                    "see whether the server runs, then try again");
}

Error of_transport(const Error& error, int timeout_millis) {
  if (error.token == net::kTimeoutToken) {
    return no_answer(cat("timeout after ", timeout_millis, " ms"));
  }
  Error out = no_answer(cat("transport: ", error.message));
  if (!error.next.empty()) out.next = error.next;
  return out;
}

// Puts the lines of a streamed answer together, however they are torn.
class LineReader {
 public:
  LineReader(const Wire& wire, const OnDelta& on_delta) : wire_(wire), on_delta_(on_delta) {}

  // False: no more is wanted, or something is wrong.
  bool take(std::string_view bytes) {
    rest_.append(bytes);
    std::size_t begin = 0;
    for (std::size_t end = rest_.find('\n'); end != std::string::npos;
         end = rest_.find('\n', begin)) {
      if (!line(std::string_view(rest_).substr(begin, end - begin))) return false;
      begin = end + 1;
    }
    rest_.erase(0, begin);
    return true;
  }

  // Why it wants no more: what could not be read, or that the reader has enough.
  std::optional<Error> refusal() const {
    if (!failure_ && stopped_) return no_answer("the answer was cut off by who reads it");
    return failure_;
  }

  // After the last byte of a whole answer.
  Result<Response> finish() {
    static_cast<void>(line(std::exchange(rest_, {})));
    if (auto why = refusal()) return *std::move(why);
    return std::move(response_);
  }

 private:
  bool line(std::string_view text) {
    text = trim(text);
    if (ended_ || text.empty()) return true;  // what comes behind the end is only hashed
    Result<Piece> piece = wire_.read_line(text);
    if (!piece.ok()) {
      failure_ = std::move(piece).error();
      return false;
    }
    if (piece->usage) response_.usage = piece->usage;
    if (!piece->model.empty()) response_.model = std::move(piece->model);
    response_.text += piece->delta;
    ended_ = piece->end;
    stopped_ = !piece->delta.empty() && !on_delta_(piece->delta);
    return !stopped_;
  }

  const Wire& wire_;
  const OnDelta& on_delta_;
  std::string rest_;
  Response response_;
  std::optional<Error> failure_;
  bool ended_ = false, stopped_ = false;
};

class ServerModel final : public Model {
 public:
  ServerModel(std::unique_ptr<Wire> wire, ServerSettings settings, Network network)
      : wire_(std::move(wire)), settings_(std::move(settings)), network_(network) {}

  std::string_view adapter_id() const override { return wire_->adapter_id(); }
  bool is_remote() const override { return !net::is_loopback_url(settings_.endpoint); }
  Result<std::string> examine() override { return wire_->examine(network_.http); }

  Result<Response> complete(const Request& asked) override {
    const Request request = bounded(asked);
    CORTEX_ASSIGN(const net::Answer answer, send(wire_->request(request, false), request));
    const auto body = json::parse(answer.body);
    if (!body.ok()) return unreadable_answer(body.error().message);
    CORTEX_ASSIGN(Response response, wire_->read(*body));
    return finished(std::move(response), answer.body);
  }

  Result<Response> stream(const Request& asked, const OnDelta& on_delta) override {
    const Request request = bounded(asked);
    LineReader lines(*wire_, on_delta);
    net::Request sent = wire_->request(request, true);
    sent.on_piece = [&lines](std::string_view bytes) { return lines.take(bytes); };
    Result<net::Answer> answer = send(std::move(sent), request);
    // Lines that cannot be read end the exchange: then they are the reason.
    if (auto why = lines.refusal()) return *std::move(why);
    if (!answer.ok()) return std::move(answer).error();
    CORTEX_ASSIGN(Response read, lines.finish());
    return finished(std::move(read), answer->body);
  }

 private:
  Request bounded(Request request) const {
    if (settings_.max_tokens > 0) {
      request.max_tokens = std::min(request.max_tokens, settings_.max_tokens);
    }
    if (settings_.timeout_millis > 0) request.timeout_millis = settings_.timeout_millis;
    return request;
  }

  Result<net::Answer> send(net::Request sent, const Request& request) const {
    sent.timeout_millis = request.timeout_millis;
    sent.answer_bytes_max = kAnswerBytesMax;
    auto answer = net::send_patiently(network_.http, sent, settings_.patience, network_.pauses);
    if (!answer.ok()) return of_transport(answer.error(), request.timeout_millis);
    if (answer->status != kHttpOk) {
      return no_answer(cat(wire_->adapter_id() == kOllamaAdapter ? "transport" : "upstream",
                           ": HTTP ", answer->status));
    }
    return answer;
  }

  Response finished(Response response, std::string_view body) const {
    if (response.model.empty()) response.model = settings_.model;
    response.raw_hash = crypto::blake3_hex(body);
    return response;
  }

  std::unique_ptr<Wire> wire_;
  ServerSettings settings_;
  Network network_;
};

}  // namespace

Error invalid_request(std::string_view what) {
  return make_error(Code::kPrecondition, cat("invalid request: ", what), "nothing was sent",
                    "correct the settings of the model");
}

Error unreadable_answer(std::string_view what) { return no_answer(cat("response parse: ", what)); }

json::Array messages_json(const Request& request, std::string_view tool_role) {
  json::Array out;
  for (const Message& message : request.messages) {
    const std::string_view role =
        message.role == Role::kTool ? tool_role : role_token(message.role);
    out.emplace_back(json::Object{{"content", message.content}, {"role", role}});
  }
  return out;
}

net::Request post_json(std::string url, const json::Value& body) {
  net::Request request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = {"Accept: */*", "Content-Type: application/json", "Expect:"};
  request.body = json::canonical(body);
  return request;
}

json::Value temperature_of(const Request& request) {
  return static_cast<double>(request.temperature);
}

std::optional<std::string_view> event_data(std::string_view line) {
  constexpr std::string_view kData = "data:";
  if (!line.starts_with(kData)) return std::nullopt;
  return trim(line.substr(kData.size()));
}

std::unique_ptr<Model> server_model(std::unique_ptr<Wire> wire, ServerSettings settings,
                                    Network network) {
  return std::make_unique<ServerModel>(std::move(wire), std::move(settings), network);
}

}  // namespace cortex::llm
