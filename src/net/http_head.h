// The head of an HTTP/1.1 request, from its bytes. Strict: what two readers could understand in two
// ways is refused, so that nothing can be smuggled past another reader. Any bytes give an answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cortex::net {

inline constexpr std::size_t kHeadBytesMax = 16U << 10;
inline constexpr std::size_t kHeadersMax = 100;

struct HttpHead {
  std::string method;  // "POST"
  std::string target;  // "/mcp", as it was sent, query included
  std::vector<std::pair<std::string, std::string>>
      headers{};  // names in lower case, values trimmed
  std::uint64_t body_bytes = 0;
  bool keep_alive = true;  // the next request may come on the same connection
  bool is_old = false;     // HTTP/1.0: no pieces in the answer
  bool wants_continue = false;

  // The first header of this name (lower case), or nullptr.
  const std::string* find(std::string_view name) const;
  std::string_view path() const;  // of the target, without the query
};

struct HeadFault {
  int status = 400;  // what to answer: 400, 411, 431, 505
  std::string reason;
};

// `text`: everything up to and with the empty line, at most kHeadBytesMax bytes. O(bytes).
std::variant<HttpHead, HeadFault> parse_head(std::string_view text);

// Where the head ends in `text` (behind the empty line), or npos.
std::size_t head_end(std::string_view text);

}  // namespace cortex::net
