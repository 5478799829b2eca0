#include "retrieval/content.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "json/cursor.h"
#include "retrieval/time_text.h"

namespace cortex::retrieval {
namespace {

constexpr std::array<std::string_view, 8> kSpeakerKeys{"speaker", "author", "from",  "sender",
                                                       "role",    "user",   "actor", "name"};
constexpr std::array<std::string_view, 8> kTimeKeys{"said_at",    "date",    "time", "timestamp",
                                                    "created_at", "sent_at", "when", "at"};
constexpr std::size_t kSpeakerBytesMax = 64;

bool is_one_of(std::string_view key, const std::array<std::string_view, 8>& keys) {
  return std::ranges::find(keys, key) != keys.end();
}

class PayloadReader {
 public:
  PayloadReader(std::string_view json, Content& out) : cursor_(json), out_(out) {}

  // Iterative: payloads may be nested deeply.
  void run() {
    value("");
    while (!open_.empty() && !cursor_.failed()) {
      if (open_.back() == '{') {
        std::string_view key;
        if (cursor_.next_member(key)) {
          key_ = key;
          value(key_);
        } else {
          open_.pop_back();
        }
      } else if (cursor_.next_element()) {
        value("");
      } else {
        open_.pop_back();
      }
    }
  }

 private:
  void value(std::string_view key) {
    using enum json::Type;
    std::string_view text;
    switch (cursor_.peek()) {
      case kObject:
        if (cursor_.enter_object()) open_.push_back('{');
        return;
      case kArray:
        if (cursor_.enter_array()) open_.push_back('[');
        return;
      case kString:
        if (cursor_.read_string(text, scratch_)) string_value(key, text);
        return;
      case kNumber:
        if (cursor_.read_number_token(text)) line(text);
        return;
      case kNull:
      case kBool:
      case kEnd:
        cursor_.skip_value();
        return;
    }
  }

  void string_value(std::string_view key, std::string_view text) {
    if (out_.speaker.empty() && is_one_of(key, kSpeakerKeys) && text.size() <= kSpeakerBytesMax) {
      out_.speaker = text;
      return;
    }
    if (!out_.said_at && is_one_of(key, kTimeKeys)) {
      out_.said_at = field_time(text);
      if (out_.said_at) return;
    }
    line(text);
  }

  void line(std::string_view text) {
    if (text.empty()) return;
    if (!out_.text.empty()) out_.text += '\n';
    out_.text += text;
  }

  json::Cursor cursor_;
  Content& out_;
  std::string open_, key_, scratch_;
};

// Length of "Ann Lee: " at the front of `text`, or 0.
std::size_t speaker_size(std::string_view text) {
  const std::size_t colon = text.substr(0, kSpeakerBytesMax).find(": ");
  if (colon == std::string_view::npos || colon == 0) return 0;
  const std::string_view name = text.substr(0, colon);
  const auto plain = [](char c) {
    return (c | 0x20) >= 'a' ? (c | 0x20) <= 'z' || (static_cast<unsigned char>(c) & 0x80U) != 0
                             : c == ' ' || c == '.' || c == '-' || c == '\'';
  };
  if (!std::ranges::all_of(name, plain) || std::ranges::count(name, ' ') > 2) return 0;
  return colon;
}

}  // namespace

void Content::clear() {
  text.clear();
  speaker.clear();
  said_at.reset();
}

void read_payload(std::string_view payload_json, Content& out) {
  out.clear();
  PayloadReader(payload_json, out).run();
}

void read_claim(std::string_view claim, Content& out) {
  out.clear();
  out.text = claim;
  std::string_view rest = claim;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end != std::string_view::npos) {
      out.said_at = field_time(rest.substr(1, end - 1));
      if (out.said_at) rest = trim(rest.substr(end + 1));
    }
  }
  out.speaker = rest.substr(0, speaker_size(rest));
}

}  // namespace cortex::retrieval
