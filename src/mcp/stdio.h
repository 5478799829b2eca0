// The stdio transport: a message a line, in and out. Replies come in the order of their requests;
// ping and slow calls may overtake.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "mcp/dispatcher.h"
#include "mcp/outbox.h"
#include "mcp/streams.h"

namespace cortex::mcp {

// One conversation, from the bytes of its input to the lines of its output.
class LineSession {
 public:
  LineSession(Dispatcher& dispatcher, Outbox& outbox);

  // A line, or nullopt for one that was too long. False when the conversation is refused: its
  // first message was neither ping, nor a well-formed initialize, nor a stateless request.
  bool take(std::optional<std::string_view> line);
  bool is_open() const { return is_open_; }

 private:
  void answer(Message message);
  void answer_batch(std::string_view line);
  Reply reply_to(const Message& message);

  Dispatcher& dispatcher_;
  Outbox& outbox_;
  Connection connection_;
  bool is_open_ = false;  // a handshake or a stateless request was seen
};

// Serves stdin and stdout until the input ends or a signal comes. kOk, or kInternal when nobody
// ever opened a session.
Code serve_stdio(Dispatcher& dispatcher, Scheduler& scheduler, const StopSignal& stop);

}  // namespace cortex::mcp
