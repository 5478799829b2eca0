#include "retrieval/document.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/text.h"
#include "core/event.h"
#include "json/cursor.h"
#include "store/operation.h"

namespace cortex::retrieval {
namespace {

std::int64_t seconds_of(std::string_view column) {
  const auto time = parse_strict_rfc3339(column);
  return time ? time->seconds : 0;
}

// Words that say when, and words that say how many.
constexpr std::array<std::string_view, 34> kTimeWords{
    "yesterday", "today",   "tonight",  "tomorrow",  "ago",     "last",     "next",
    "week",      "weekend", "month",    "year",      "monday",  "tuesday",  "wednesday",
    "thursday",  "friday",  "saturday", "sunday",    "january", "february", "april",
    "june",      "july",    "august",   "september", "october", "november", "december",
    "recently",  "morning", "night",    "since",     "summer",  "winter"};
constexpr std::array<std::string_view, 14> kNumberWords{
    "two",  "three", "four",  "five",    "six",      "seven",  "eight",
    "nine", "ten",   "dozen", "hundred", "thousand", "couple", "twice"};

std::uint8_t cue_flags(std::string_view text) {
  constexpr std::size_t kLooked = 2000;
  std::uint8_t flags = 0;
  std::string word;
  text = text.substr(0, kLooked);
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const char c = at < text.size() ? text[at] : ' ';
    if (c >= '0' && c <= '9') flags |= kFlagNumber;
    const char lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'z') {
      if (word.size() < 12) word.push_back(lower);
      continue;
    }
    if (word.size() >= 3) {
      if (std::ranges::find(kTimeWords, word) != kTimeWords.end()) flags |= kFlagTemporal;
      if (std::ranges::find(kNumberWords, word) != kNumberWords.end()) flags |= kFlagNumber;
    }
    word.clear();
  }
  return flags;
}

}  // namespace

std::string source_label(std::string_view source_json) {
  json::Cursor cursor(source_json);
  std::string type, name;
  if (!cursor.enter_object()) return type;
  std::string_view key;
  while (cursor.next_member(key)) {
    if (key == "type") {
      cursor.read_string(type);
    } else if (key == "name" || key == "model") {
      cursor.read_string(name);
    } else {
      cursor.skip_value();
    }
  }
  return name.empty() ? type : cat(type, ":", name);
}

bool is_operation(const EventRow& row) {
  return row.event_type == core::event_type_text(core::EventType::kSystemNote) &&
         row.payload_json.find(cat('"', store::kOperationMember, "\":")) != std::string_view::npos;
}

std::uint16_t name_fingerprint(Term name) {
  const auto bits = static_cast<std::uint16_t>(name >> 7U);
  return bits == 0 ? std::uint16_t{1} : bits;
}

DocRecord record_of(const Document& document) {
  DocRecord record;
  record.ref = static_cast<std::uint32_t>(document.ref);
  record.time = document.time;
  record.observed = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(document.observed, 0, std::numeric_limits<std::uint32_t>::max()));
  record.speaker = document.speaker;
  record.length = document.length;
  record.kind = document.kind;
  record.flags = document.flags;
  return record;
}

const Document& DocumentMaker::make(const EventRow& row) {
  read_payload(row.payload_json, content_);
  document_.kind = Kind::kEvent;
  document_.ref = row.rowid;
  set_times(row.observed_at);
  document_.flags = kFlagActive;
  document_.session = row.session_id.empty() ? row.trace_id : row.session_id;
  document_.source = source_label(row.source_json);
  analyze("");
  return document_;
}

const Document& DocumentMaker::make(const MemoryRow& row) {
  read_claim(row.claim, content_);
  document_.kind = Kind::kMemory;
  document_.ref = row.rowid;
  set_times(row.created_at);
  document_.flags = row.status == "active" ? kFlagActive : std::uint8_t{0};
  // Notes of one conversation carry its time: they are neighbours as its turns were.
  document_.session =
      content_.said_at ? cat("memory:", row.claim.substr(0, row.claim.find(']') + 1)) : "";
  document_.source = "memory";
  analyze(row.domains_json);
  return document_;
}

void DocumentMaker::set_times(std::string_view observed_column) {
  document_.observed = seconds_of(observed_column);
  document_.time = content_.said_at ? *content_.said_at : document_.observed;
}

void DocumentMaker::analyze(std::string_view more_text) {
  raw_.clear();
  std::uint32_t length = 0;
  bool question = false;
  const auto take = [&](std::string_view text) {
    analyzer_.analyze(text, tokens_);
    for (const Token& token : tokens_) {
      if (token.stop) continue;
      const bool body = token.field == Field::kBody;
      length += body ? 1 : 0;
      raw_.push_back({token.term, 1, body});
    }
  };
  take(content_.text);
  const std::string_view end = trim(content_.text);
  question = end.ends_with('?') || end.ends_with("\xEF\xBC\x9F");
  if (!more_text.empty()) take(more_text);
  names_.clear();
  document_.speaker = 0;
  if (!content_.speaker.empty()) {
    analyzer_.analyze_names(content_.speaker, Field::kSpeaker, names_);
    if (!names_.empty()) document_.speaker = name_fingerprint(names_[0]);
    if (names_.size() > 1) {
      document_.speaker |= static_cast<std::uint32_t>(name_fingerprint(names_[1])) << 16U;
    }
    for (const Term name : names_) raw_.push_back({name, 1, false});
  }
  if (document_.kind == Kind::kMemory) raw_.push_back({kMemoryTerm, 1, false});
  document_.length = static_cast<std::uint16_t>(std::min<std::uint32_t>(length, 0xFFFF));
  if (question) document_.flags |= kFlagQuestion;
  document_.flags |= cue_flags(content_.text);
  count_terms();
}

// Distinct terms in order of first occurrence, by a table that is emptied by changing its stamp.
void DocumentMaker::count_terms() {
  const std::size_t wanted = std::bit_ceil(2 * raw_.size() + 16);
  if (slots_.size() < wanted) {
    slots_.assign(wanted, Slot{});
    stamp_ = 0;
  }
  if (++stamp_ == 0) {
    slots_.assign(slots_.size(), Slot{});
    stamp_ = 1;
  }
  const std::size_t mask = slots_.size() - 1;
  document_.terms.clear();
  for (const DocTerm& raw : raw_) {
    std::size_t at = raw.term & mask;
    while (slots_[at].stamp == stamp_ && slots_[at].term != raw.term) at = (at + 1) & mask;
    if (slots_[at].stamp != stamp_) {
      slots_[at] = {raw.term, static_cast<std::uint32_t>(document_.terms.size()), stamp_};
      document_.terms.push_back(raw);
    } else {
      DocTerm& counted = document_.terms[slots_[at].place];
      if (counted.count < 255) ++counted.count;
    }
  }
}

}  // namespace cortex::retrieval
