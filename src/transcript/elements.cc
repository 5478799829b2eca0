#include "transcript/elements.h"

#include <optional>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "json/cursor.h"

namespace cortex::transcript {
namespace {

Error broken(std::string_view why) {
  return make_error(Code::kUsage, cat("the document cannot be read: ", why), "nothing was imported",
                    "check that the file is whole");
}

bool is_whitespace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Goes through the bytes once. Levels: 1 inside the document; elements are what stands at level 1
// of an array, or at level 2 inside an array that is a member.
class Scanner {
 public:
  explicit Scanner(const OnElement& on_element) : on_element_(on_element) {}

  Status feed(std::string_view bytes) {
    for (const char c : bytes) CORTEX_TRY(step(c));
    return {};
  }

  Status finish() const {
    if (!started_) return broken("it is empty");
    if (depth_ != 0 || in_string_) return broken("it ends too early");
    return {};
  }

 private:
  bool inside_array() const { return is_array_ ? depth_ >= 1 : member_array_ && depth_ >= 2; }
  int element_depth() const { return is_array_ ? 1 : 2; }

  Status step(char c) {
    if (!started_) return begin(c);
    if (depth_ == 0)
      return is_whitespace(c) ? Status() : Status(broken("something stands behind it"));
    if (in_string_) return in_string(c);
    if (c == '"') return open_string(c);
    if (c == '[' || c == '{') return open(c);
    if (c == ']' || c == '}') return close(c);
    if (c == ',' && depth_ == element_depth() && inside_array()) return deliver();
    if (c == ',' && depth_ == 1) key_next_ = true;
    return keep(c);
  }

  Status begin(char c) {
    if (is_whitespace(c)) return {};
    if (c != '[' && c != '{') return broken("it is neither an array nor an object");
    started_ = true;
    is_array_ = c == '[';
    key_next_ = !is_array_;
    depth_ = 1;
    return {};
  }

  Status in_string(char c) {
    if (reading_key_) key_text_.push_back(c);
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
      if (reading_key_) end_key();
    }
    return keep(c);
  }

  Status open_string(char c) {
    in_string_ = true;
    if (!is_array_ && depth_ == 1 && key_next_) {
      reading_key_ = true;
      key_next_ = false;
      key_text_.assign(1, c);
    }
    return keep(c);
  }

  void end_key() {
    reading_key_ = false;
    json::Cursor cursor(key_text_);
    if (!cursor.read_string(member_)) member_.clear();
  }

  Status open(char c) {
    const bool begins_member_array = !is_array_ && depth_ == 1 && c == '[';
    if (!begins_member_array) CORTEX_TRY(keep(c));
    ++depth_;
    if (begins_member_array) member_array_ = true;
    return {};
  }

  Status close(char c) {
    const bool ends_array = depth_ == element_depth() && inside_array();
    if (ends_array) CORTEX_TRY(deliver());
    --depth_;
    if (depth_ == 1 && !is_array_) member_array_ = false;
    return ends_array ? Status() : keep(c);
  }

  Status keep(char c) {
    if (!inside_array()) return {};
    if (element_.empty() && is_whitespace(c)) return {};
    if (element_.size() >= kElementBytesMax) return broken("one of its elements is too large");
    element_.push_back(c);
    return {};
  }

  Status deliver() {
    const std::string_view text = trim(element_);
    Status done;
    if (!text.empty()) done = on_element_(is_array_ ? std::string_view() : member_, text);
    element_.clear();
    return done;
  }

  const OnElement& on_element_;
  std::string element_, member_, key_text_;
  int depth_ = 0;
  bool started_ = false, is_array_ = false, member_array_ = false;
  bool in_string_ = false, escaped_ = false, reading_key_ = false, key_next_ = false;
};

}  // namespace

Status read_elements(const ReadAt& read, const OnElement& on_element) {
  Scanner scanner(on_element);
  std::vector<char> block(limits::kIoBlockBytes);
  std::uint64_t offset = 0;
  for (;;) {
    CORTEX_ASSIGN(const std::size_t got, read(offset, block));
    CORTEX_TRY(scanner.feed(std::string_view(block.data(), got)));
    offset += got;
    if (got < block.size()) return scanner.finish();
  }
}

}  // namespace cortex::transcript
