// Cursor::skip_value: the hot loop of ledger verification. One pass with an explicit stack of open
// brackets; while the value may still be canonical it also remembers the last key of every open
// object.
#include <algorithm>

#include "json/cursor.h"
#include "json/scan.h"

namespace cortex::json {
namespace {

// Without this, hardened builds zero the whole key stack on every call.
#define CORTEX_JSON_UNINITIALIZED __attribute__((uninitialized))

// A number of at most this many characters without an exponent is in range and, as an integer, fits
// 64 bits.
constexpr std::ptrdiff_t kPlainIntegerMax = 18;
constexpr std::ptrdiff_t kPlainNumberMax = 300;

// Raw bytes of a key. Trivial, so that a stack of them costs nothing until it is used.
struct Key {
  const char* data;
  std::size_t size;
  bool escaped;

  std::string_view raw() const { return {data, size}; }
};

// Strictly ascending by decoded bytes.
bool ascends(const Key& before, const Key& after) {
  if (!before.escaped && !after.escaped) return before.raw() < after.raw();
  std::string left;
  std::string right;
  append_unescaped(left, before.raw());
  append_unescaped(right, after.raw());
  return left < right;
}

enum class Step : std::uint8_t { kFault, kValueDue, kValueDone };

struct Text {
  const char* p;
  const char* end;
};

template <bool kTrack>
class Skipper {
 public:
  Skipper(Text text, int depth, Key* keys)
      : p_(text.p), end_(text.end), depth_(depth), keys_(keys) {}

  bool run() {
    for (;;) {
      const Step step = value();
      if (step == Step::kFault) return false;
      if (step == Step::kValueDue) continue;
      if (!after_value()) return false;
      if (level_ == 0) return true;
    }
  }

  const char* position() const { return p_; }
  bool canonical() const { return canonical_; }
  const Problem& problem() const { return problem_; }

 private:
  Step value() {
    if (!blanks()) return Step::kFault;
    switch (*p_) {
      case '"':
        return string() ? Step::kValueDone : Step::kFault;
      case '{':
        return open(true);
      case '[':
        return open(false);
      case 'n':
        return literal("null");
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      default:
        return number();
    }
  }

  Step open(bool object) {
    if (depth_ + level_ >= limits::kJsonDepthMax) {
      problem_.set(FaultKind::kDepth, p_, "more than 127 arrays and objects open");
      return Step::kFault;
    }
    ++p_;
    objects_[word()] = (objects_[word()] & ~bit()) | (object ? bit() : 0);
    if constexpr (kTrack) keys_[level_].data = nullptr;
    ++level_;
    in_object_ = object;
    if (!blanks()) return Step::kFault;
    if (*p_ == (object ? '}' : ']')) {
      close();
      return Step::kValueDone;
    }
    return !object || key() ? Step::kValueDue : Step::kFault;
  }

  void close() {
    ++p_;
    --level_;
    if (level_ == 0) return;
    --level_;
    in_object_ = (objects_[word()] & bit()) != 0;
    ++level_;
  }

  // Separators and closing brackets behind a value, up to where the next value starts.
  bool after_value() {
    while (level_ > 0) {
      if (!blanks()) return false;
      if (*p_ == ',') {
        ++p_;
        return !in_object_ || (blanks() && key());
      }
      if (*p_ != (in_object_ ? '}' : ']')) {
        return problem_.set(FaultKind::kSyntax, p_,
                            in_object_ ? "expected , or }" : "expected , or ]");
      }
      close();
    }
    return true;
  }

  // `p_` is at where a key must start; leaves it behind the colon.
  bool key() {
    if (*p_ != '"') return problem_.set(FaultKind::kSyntax, p_, "expected a key");
    const char* const begin = p_ + 1;
    StringToken token;
    if (!scan_string(begin, end_, token, problem_)) return false;
    p_ = token.close + 1;
    if constexpr (kTrack)
      note_key(Key{begin, static_cast<std::size_t>(token.close - begin), token.escaped}, token);
    if (!blanks()) return false;
    if (*p_ != ':') return problem_.set(FaultKind::kSyntax, p_, "expected a colon");
    ++p_;
    return true;
  }

  void note_key(const Key& key, const StringToken& token) {
    if (!canonical_) return;
    Key& last = keys_[level_ - 1];
    canonical_ = token.minimal && (last.data == nullptr || ascends(last, key));
    last = key;
  }

  bool string() {
    StringToken token;
    if (!scan_string(p_ + 1, end_, token, problem_)) return false;
    if constexpr (kTrack) canonical_ = canonical_ && token.minimal;
    p_ = token.close + 1;
    return true;
  }

  Step literal(std::string_view text) {
    if (!scan_literal(p_, end_, text, problem_)) return Step::kFault;
    p_ += text.size();
    return Step::kValueDone;
  }

  Step number() {
    if (*p_ != '-' && (*p_ < '0' || *p_ > '9')) {
      problem_.set(FaultKind::kSyntax, p_, "expected a value");
      return Step::kFault;
    }
    NumberToken token;
    if (!scan_number(p_, end_, token, problem_)) return Step::kFault;
    if ((token.exponent || token.end - p_ > kPlainNumberMax) && !in_range(token.end)) {
      return Step::kFault;
    }
    if constexpr (kTrack) canonical_ = canonical_ && is_canonical(token);
    p_ = token.end;
    return Step::kValueDone;
  }

  bool in_range(const char* token_end) {
    Number number;
    if (read_number(std::string_view(p_, token_end), number)) return true;
    return problem_.set(FaultKind::kNumber, p_, "number out of range");
  }

  bool is_canonical(const NumberToken& token) const {
    if (token.integer && *p_ != '-' && token.end - p_ <= kPlainIntegerMax) return true;
    return is_canonical_number(std::string_view(p_, token.end));
  }

  // Skips white space. False at the end of the text, which is a fault anywhere inside a value.
  bool blanks() {
    if (p_ != end_ && *p_ > ' ') [[likely]]
      return true;
    const char* const after = skip_blanks(p_, end_);
    if constexpr (kTrack) canonical_ = canonical_ && after == p_;
    p_ = after;
    return p_ != end_ || problem_.ended(p_);
  }

  std::size_t word() const { return static_cast<std::size_t>(level_) >> 6; }
  std::uint64_t bit() const { return std::uint64_t{1} << (level_ & 63); }

  const char* p_;
  const char* end_;
  int depth_;      // open around the value
  int level_ = 0;  // open inside it
  bool in_object_ = false;
  bool canonical_ = true;
  Key* keys_;
  std::uint64_t objects_[2] = {};  // one bit a level: object or array
  Problem problem_;
};

}  // namespace

bool Cursor::skip_value(Extent* extent) {
  if (peek() == Type::kEnd) {
    return failed() ? false : fail(FaultKind::kEnd, "the text ends before a value");
  }
  const char* const base = text_.data();
  const Text text{base + position_, base + text_.size()};
  if (extent == nullptr) {
    Skipper<false> skipper(text, depth_, nullptr);
    if (!skipper.run()) return fail(skipper.problem());
    position_ = static_cast<std::size_t>(skipper.position() - base);
    return true;
  }
  CORTEX_JSON_UNINITIALIZED Key keys[limits::kJsonDepthMax];
  Skipper<true> skipper(text, depth_, keys);
  if (!skipper.run()) return fail(skipper.problem());
  extent->begin = position_;
  position_ = static_cast<std::size_t>(skipper.position() - base);
  extent->end = position_;
  extent->canonical = skipper.canonical();
  return true;
}

}  // namespace cortex::json
