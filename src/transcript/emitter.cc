#include "transcript/emitter.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "crypto/digest.h"

namespace cortex::transcript {
namespace {

constexpr std::string_view kIdDomain = "cortex.transcript.v1";
// Numbers above are milliseconds: as seconds they would lie in the year 5138.
constexpr double kSecondsMost = 1e11;
constexpr std::uint64_t kUlidMillisMost = (1ULL << 48U) - 1;
// Payloads are bounded by what a row may hold; what is longer is kept by its digest.
constexpr std::size_t kKeptBytesMax = 16U << 20;

std::optional<Timestamp> time_of_number(double number) {
  if (!std::isfinite(number) || number < 0) return std::nullopt;
  if (number > kSecondsMost) number /= 1000;
  if (number > kSecondsMost) return std::nullopt;
  double whole = 0;
  const double fraction = std::modf(number, &whole);
  // Whole milliseconds: what is smaller is noise of the binary form.
  const auto millis = static_cast<std::uint32_t>(std::lround(fraction * 1000));
  Timestamp out{static_cast<std::int64_t>(whole), 0};
  out.seconds += millis / 1000;
  out.nanos = millis % 1000 * 1'000'000;
  return out;
}

std::uint64_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t out = 0;
  for (const std::uint8_t byte : bytes) out = out << 8U | byte;
  return out;
}

}  // namespace

Ulid hashed_ulid(Timestamp at, std::string_view domain, std::span<const std::string_view> parts) {
  crypto::Blake3 hash;
  hash.update(domain);
  for (const std::string_view part : parts) {
    hash.update(cat("\n", part.size(), ":"));
    hash.update(part);
  }
  const crypto::Digest digest = hash.finish();
  const std::int64_t millis = std::max<std::int64_t>(at.unix_millis(), 0);
  const std::uint64_t time = std::min(static_cast<std::uint64_t>(millis), kUlidMillisMost);
  return {time << 16U | big_endian(std::span(digest).first(2)),
          big_endian(std::span(digest).subspan(2, 8))};
}

Emitter::Emitter(std::string_view format, std::string session, const OnTurn& on_turn,
                 Counts& counts)
    : format_(format), session_(std::move(session)), on_turn_(on_turn), counts_(counts) {}

Status Emitter::emit(const Place& place, core::SourceType source, std::string_view name,
                     core::EventType type, json::Object payload, std::vector<Proposal> proposals) {
  Turn turn;
  turn.session = place.session.empty() ? session_ : place.session;
  turn.at = place.at.value_or(last_);
  last_ = turn.at;
  const std::string content = place.with_content ? json::canonical(payload) : std::string();
  const std::string_view parts[] = {format_, turn.session, place.key, content};
  turn.id = hashed_ulid(turn.at, kIdDomain, std::span(parts).first(place.with_content ? 4 : 3));
  turn.source.type = source;
  const bool named = source == core::SourceType::kTool || source == core::SourceType::kChildAgent;
  if (named) turn.source.name = is_blank(name) ? std::string("unknown") : std::string(trim(name));
  turn.type = type;
  turn.tags = {"transcript", format_};
  payload.set("transcript", json::Object{{"format", format_}, {"key", place.key}});
  turn.payload = std::move(payload);
  turn.proposals = std::move(proposals);
  ++counts_.turns;
  return on_turn_(std::move(turn));
}

Status Emitter::user(const Place& place, std::string_view text) {
  if (is_blank(text)) {
    ++counts_.empty;
    return {};
  }
  return emit(place, core::SourceType::kUser, "", core::EventType::kUserMessage, {{"text", text}});
}

Status Emitter::agent(const Place& place, std::string_view model, std::string_view member,
                      std::string_view text) {
  if (is_blank(text)) {
    ++counts_.empty;
    return {};
  }
  return emit(place, core::SourceType::kChildAgent, model, core::EventType::kAgentResponse,
              {{std::string(member), text}});
}

Status Emitter::note(const Place& place, json::Object payload) {
  return emit(place, core::SourceType::kRuntime, "", core::EventType::kSystemNote,
              std::move(payload));
}

Status Emitter::unknown(const Place& place, json::Value value) {
  ++counts_.unknown;
  return note(place, {{"raw", std::move(value)}});
}

Status Emitter::malformed(const Place& place, std::string_view text, std::string_view why) {
  ++counts_.malformed;
  json::Object payload{{"problem", why}};
  if (text.size() > kKeptBytesMax) {
    payload.add("bytes", text.size());
    payload.add("blake3", crypto::blake3_hex(text));
  } else if (is_valid_utf8(text)) {
    payload.add("raw_text", text);
  } else {
    payload.add(
        "raw_base64",
        to_base64(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())));
  }
  return note(place, std::move(payload));
}

std::string numbered_key(std::string_view what, std::uint64_t number) {
  return cat(what, " ", number);
}

std::optional<Timestamp> time_of_text(std::string_view text) {
  text = trim(text);
  if (const auto time = parse_relaxed_rfc3339(text)) return time;
  // "2026-01-31T12:00:00.123456" and "2026-01-31 12:00:00": without an offset, taken as UTC.
  std::string utc(text);
  if (utc.size() > 10 && utc[10] == ' ') utc[10] = 'T';
  if (const auto time = parse_relaxed_rfc3339(utc)) return time;
  if (const auto time = parse_relaxed_rfc3339(utc + "Z")) return time;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return time_of_number(number);
}

std::optional<Timestamp> time_of(const json::Value* value) {
  if (value == nullptr) return std::nullopt;
  if (const std::string* text = value->as_string()) return time_of_text(*text);
  const json::Number* number = value->as_number();
  return number == nullptr ? std::nullopt : time_of_number(json::to_double(*number));
}

std::string content_text(const json::Value& content) {
  if (const std::string* text = content.as_string()) return *text;
  if (const std::string* text = content.find_text("text")) return *text;
  const json::Array* parts = content.as_array();
  if (parts == nullptr) return {};
  std::string out;
  for (const json::Value& part : *parts) {
    const std::string* text = part.as_string() ? part.as_string() : part.find_text("text");
    if (text == nullptr) continue;
    if (!out.empty()) out += '\n';
    out += *text;
  }
  return out;
}

std::string first_text(const json::Value& value, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string* text = value.find_text(name);
    if (text != nullptr && !is_blank(*text)) return *text;
  }
  return {};
}

}  // namespace cortex::transcript
