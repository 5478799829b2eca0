// One JSON-RPC message, from its text. The only place where bytes of a client are taken apart.
//
// Strict where the text is no JSON-RPC 2.0 (kMalformed), strict about ids (kBadId), and it never
// fails in another way: any bytes give a Message. O(bytes).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace cortex::mcp {

// Longer messages are refused without being held. A session of 5 MiB of events is at most six
// times as long as a JSON string.
inline constexpr std::size_t kMessageBytesMax = 64U << 20;
inline constexpr std::size_t kBatchMax = 1000;

enum class Form {
  kRequest,
  kNotification,  // no id: never answered
  kReply,         // from the client: nothing here waits for one
  kBadId,         // null, fractional, out of range, no string or number, or there twice
  kMalformed,
};

struct Message {
  Form form = Form::kMalformed;
  std::string id{};  // as JSON text: `7` or `"a"`; of a request only
  std::string method{};
  json::Value params{};  // null when absent
};

// What gets a reply, if only one that says what is wrong with it.
bool is_answered(const Message& message);

// `text` may have blanks and a byte-order mark around it.
Message decode_message(std::string_view text);

// True when the text is an array, whatever its elements are.
bool is_batch(std::string_view text);
// The elements of an array. Empty when it is none, is empty, or has more than kBatchMax elements.
std::vector<Message> decode_batch(std::string_view text);

}  // namespace cortex::mcp
