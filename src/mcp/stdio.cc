#include "mcp/stdio.h"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "mcp/frame_reader.h"

namespace cortex::mcp {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;
// How long the end waits while nothing finishes: longer than a writer waits for the ledger's lock,
// so that every call that others hold up is answered.
constexpr std::chrono::seconds kQuietMax{35};

// The replies of one batch, sent as one line when the last is there.
struct Batch {
  std::mutex mutex{};
  std::string text{};
  std::size_t missing = 0;
  Outbox* outbox = nullptr;
  std::uint64_t place = 0;

  void add(const std::string& reply) {
    std::string line;
    {
      const std::lock_guard lock(mutex);
      if (!reply.empty()) text += (text.empty() ? "[" : ",") + reply;
      if (--missing > 0) return;
      if (!text.empty()) line = std::move(text) + "]";
    }
    outbox->fill(place, std::move(line));
  }
};

}  // namespace

LineSession::LineSession(Dispatcher& dispatcher, Outbox& outbox)
    : dispatcher_(dispatcher), outbox_(outbox) {
  connection_ = dispatcher_.connect([this](std::string text) { outbox_.send(std::move(text)); });
}

Reply LineSession::reply_to(const Message& message) {
  if (!is_answered(message)) return {};
  if (dispatcher_.turn(message) == Turn::kAtOnce) {
    return [this](std::string text) { outbox_.send(std::move(text)); };
  }
  return
      [this, place = outbox_.reserve()](std::string text) { outbox_.fill(place, std::move(text)); };
}

void LineSession::answer(Message message) {
  Reply reply = reply_to(message);
  dispatcher_.handle(std::move(message), connection_, std::move(reply));
}

void LineSession::answer_batch(std::string_view line) {
  std::vector<Message> messages = decode_batch(line);
  if (messages.empty()) return answer({});
  auto batch = std::make_shared<Batch>();
  batch->outbox = &outbox_;
  for (const Message& message : messages) batch->missing += is_answered(message) ? 1U : 0U;
  if (batch->missing > 0) batch->place = outbox_.reserve();
  for (Message& message : messages) {
    Reply reply;
    if (is_answered(message)) {
      reply = [batch](const std::string& text) { batch->add(text); };
    }
    dispatcher_.handle_in_batch(std::move(message), connection_, std::move(reply));
  }
}

bool LineSession::take(std::optional<std::string_view> line) {
  if (!line) {
    answer({});
    return true;
  }
  if (connection_.revision != nullptr && connection_.revision->batches && is_batch(*line)) {
    answer_batch(*line);
    return true;
  }
  Message message = decode_message(*line);
  if (!is_open_) {
    if (!Dispatcher::may_open(message)) return false;
    is_open_ = message.form == Form::kRequest && message.method != "ping";
  }
  answer(std::move(message));
  return true;
}

Code serve_stdio(Dispatcher& dispatcher, Scheduler& scheduler, const StopSignal& stop) {
  bool reader_is_gone = false;
  Outbox outbox({.ready = stdout_is_ready, .write = [&](std::string_view text) {
                   if (reader_is_gone || write_stdout(text)) return;
                   reader_is_gone = true;  // told once; what was asked for is still carried out
                   write_stderr("cortex serve: the client no longer reads replies\n");
                 }});
  LineSession session(dispatcher, outbox);
  bool is_refused = false;
  FrameReader frames(kMessageBytesMax, [&](FrameReader::Kind kind, std::string_view line) {
    const bool is_line = kind == FrameReader::Kind::kLine;
    is_refused = !session.take(is_line ? std::optional(line) : std::nullopt);
    return !is_refused;
  });
  std::vector<char> buffer(kReadBytes);
  Input input = Input::kBytes;
  while (!is_refused && input == Input::kBytes) {
    std::size_t size = 0;
    input = read_input(stop, buffer, size);
    if (input == Input::kBytes) static_cast<void>(frames.feed({buffer.data(), size}));
    if (input == Input::kEnd) static_cast<void>(frames.finish());  // both tell by is_refused
  }
  if (input == Input::kStopped && scheduler.wait_idle(kQuietMax)) return Code::kOk;
  if (is_refused || !session.is_open()) {
    write_stderr(is_refused
                     ? "cortex serve: stdio server error: the first message is no initialize; "
                       "nothing was served. Next: start with initialize\n"
                     : "cortex serve: stdio server error: connection closed before initialize; "
                       "nothing was served\n");
    return Code::kInternal;
  }
  if (!scheduler.wait_idle(kQuietMax)) {
    write_stderr("cortex serve: a call did not end in time and is left\n");
    leave(static_cast<int>(Code::kOk));
  }
  return Code::kOk;
}

}  // namespace cortex::mcp
