#include "core/event_codec.h"

#include <array>
#include <charconv>

#include "core/ids.h"
#include "json/value.h"

namespace cortex::core {
namespace {

using json::Cursor;
using json::FaultKind;

// State of one decoding run: the cursor, the output and which members have been seen.
struct Decoder {
  Cursor& cursor;
  Dialect dialect;
  DecodedEvent& out;
  std::string scratch{};
};

bool read_id(Decoder& d, IdKind kind, Ulid& out) {
  std::string_view text;
  if (!d.cursor.read_string(text, d.scratch)) return false;
  const auto ulid = parse_id(kind, text);
  if (!ulid)
    return d.cursor.fail(FaultKind::kType, "expected an id with its prefix and 26 characters");
  out = *ulid;
  return true;
}

bool read_time(Decoder& d, Timestamp& out) {
  std::string_view text;
  if (!d.cursor.read_string(text, d.scratch)) return false;
  const auto time = parse_relaxed_rfc3339(text);
  if (!time) return d.cursor.fail(FaultKind::kType, "expected an RFC 3339 time");
  out = *time;
  return true;
}

bool read_version(Cursor& cursor, std::uint16_t& out) {
  json::Number number;
  if (cursor.peek() != json::Type::kNumber || !cursor.read_number(number)) {
    return !cursor.failed() && cursor.fail(FaultKind::kType, "expected an integer of 0 to 65535");
  }
  if (number.kind != json::Number::Kind::kUnsigned || number.u > 65535) {
    return cursor.fail(FaultKind::kType, "expected an integer of 0 to 65535");
  }
  out = static_cast<std::uint16_t>(number.u);
  return true;
}

bool set_source(Decoder& d, std::string_view type, const std::optional<std::string>& model,
                const std::optional<std::string>& name) {
  const auto parsed = parse_source_type(type);
  if (!parsed) return d.cursor.fail(FaultKind::kType, "unknown source type");
  Source& source = d.out.event.source;
  source.type = *parsed;
  source.name.clear();
  const bool is_agent = *parsed == SourceType::kChildAgent;
  if (is_agent || *parsed == SourceType::kTool) {
    const auto& member = is_agent ? model : name;
    if (!member) return d.cursor.fail(FaultKind::kType, "source lacks its model or name");
    source.name = *member;
  }
  return true;
}

// ["tool","n"]: tolerated on reading because existing files may hold it, never written.
bool read_source_array(Decoder& d) {
  std::string type, name;
  Cursor& c = d.cursor;
  if (!c.enter_array()) return false;
  for (std::string* const text : {&type, &name}) {
    if (!c.next_element()) {
      return !c.failed() && c.fail(FaultKind::kType, "expected a source object");
    }
    if (!c.read_string(*text)) return false;
  }
  if (c.next_element()) return c.fail(FaultKind::kType, "expected a source object");
  return !c.failed() && set_source(d, type, name, name);
}

bool read_source(Decoder& d) {
  Cursor& c = d.cursor;
  if (c.peek() == json::Type::kArray) return read_source_array(d);
  if (c.peek() != json::Type::kObject) return c.fail(FaultKind::kType, "expected a source object");
  std::optional<std::string> type, model, name;
  if (!c.enter_object()) return false;
  std::string_view key;
  while (c.next_member(key)) {
    std::optional<std::string>* member = key == "type"    ? &type
                                         : key == "model" ? &model
                                         : key == "name"  ? &name
                                                          : nullptr;
    if (member == nullptr) {
      if (!c.skip_value()) return false;
      continue;
    }
    if (member->has_value() && d.dialect == Dialect::kLedgerRow) {
      return c.fail(FaultKind::kType, "repeated member of a source");
    }
    if (c.peek() != json::Type::kString) {
      // An extra member of another variant may hold anything; one that is needed must be a string.
      if (member == &type) return c.fail(FaultKind::kType, "expected a string");
      if (!c.skip_value()) return false;
      continue;
    }
    if (!c.read_string(member->emplace())) return false;
  }
  if (c.failed()) return false;
  if (!type) return c.fail(FaultKind::kType, "source lacks its type");
  return set_source(d, *type, model, name);
}

bool read_tags(Decoder& d) {
  auto& tags = d.out.event.domain_tags;
  tags.clear();
  if (!d.cursor.enter_array()) return false;
  while (d.cursor.next_element()) {
    if (!d.cursor.read_string(tags.emplace_back())) return false;
  }
  return !d.cursor.failed();
}

bool read_payload(Decoder& d, std::string_view text) {
  json::Extent extent;
  d.out.payload_depth = d.cursor.depth();
  if (!d.cursor.skip_value(&extent)) return false;
  d.out.raw_payload = text.substr(extent.begin, extent.end - extent.begin);
  d.out.raw_payload_is_canonical = extent.canonical;
  return true;
}

// A session cannot bring signatures along: they are made when a row is.
bool read_signature(Decoder& d) {
  Cursor& c = d.cursor;
  if (d.dialect != Dialect::kLedgerRow) return c.skip_value();
  if (c.peek() == json::Type::kNull) {
    d.out.event.signature.reset();
    return c.read_null();
  }
  RowSignature& signature = d.out.event.signature.emplace();
  constexpr std::array<std::string_view, 4> kMembers{"schema_version", "key_id", "signed_at",
                                                     "bytes"};
  unsigned seen = 0;
  if (!c.enter_object()) return false;
  std::string_view key;
  while (c.next_member(key)) {
    std::size_t i = 0;
    while (i < kMembers.size() && kMembers[i] != key) ++i;
    if (i == kMembers.size()) {
      if (!c.skip_value()) return false;
      continue;
    }
    if ((seen >> i & 1U) != 0) {
      return c.fail(FaultKind::kType, "repeated member of a signature");
    }
    seen |= 1U << i;
    const bool good = i == 0   ? read_version(c, signature.schema_version)
                      : i == 1 ? c.read_string(signature.key_id)
                      : i == 2 ? read_time(d, signature.signed_at)
                               : c.read_string(signature.bytes);
    if (!good) return false;
  }
  if (c.failed()) return false;
  return seen == 0xF || c.fail(FaultKind::kType, "signature lacks a member");
}

bool read_optional_text(Decoder& d, std::optional<std::string>& out) {
  if (d.cursor.peek() == json::Type::kNull) {
    out.reset();
    return d.cursor.read_null();
  }
  if (!out) out.emplace();
  return d.cursor.read_string(*out);
}

// Readers that do not know the member take anything; here what is no text is a hash that cannot
// hold. A session cannot bring it along.
bool read_row_hash(Decoder& d) {
  if (d.dialect != Dialect::kLedgerRow) return d.cursor.skip_value();
  std::string& hash = d.out.event.row_hash.emplace();
  return d.cursor.peek() == json::Type::kString ? d.cursor.read_string(hash)
                                                : d.cursor.skip_value();
}

bool read_trace(Decoder& d) {
  if (d.cursor.peek() == json::Type::kNull) {
    d.out.event.trace_id.reset();
    return d.cursor.read_null();
  }
  return read_id(d, IdKind::kTrace, d.out.event.trace_id.emplace());
}

bool read_event_type(Decoder& d) {
  std::string_view text;
  if (!d.cursor.read_string(text, d.scratch)) return false;
  const auto type = parse_event_type(text);
  if (!type) return d.cursor.fail(FaultKind::kType, "unknown event_type");
  d.out.event.type = *type;
  return true;
}

// Members in the order of the format; `required` is false for those that may be absent.
enum Member : std::uint8_t {
  kId,
  kVersion,
  kObserved,
  kRecorded,
  kSource,
  kType,
  kTrace,
  kSession,
  kTags,
  kPayload,
  kPayloadHash,
  kPrevHash,
  kEventHash,
  kRowHash,
  kSignature,
  kMemberCount
};

struct MemberRow {
  std::string_view name;
  bool required;
  const char* missing;
};

constexpr std::array<MemberRow, kMemberCount> kMembers{{
    {"id", true, "missing member id"},
    {"schema_version", true, "missing member schema_version"},
    {"observed_at", true, "missing member observed_at"},
    {"recorded_at", true, "missing member recorded_at"},
    {"source", true, "missing member source"},
    {"event_type", true, "missing member event_type"},
    {"trace_id", false, ""},
    {"session_id", false, ""},
    {"domain_tags", true, "missing member domain_tags"},
    {"payload", true, "missing member payload"},
    {"payload_hash", true, "missing member payload_hash"},
    {"prev_event_hash", false, ""},
    {"event_hash", true, "missing member event_hash"},
    {kRowHashMember, false, ""},
    {"signature", false, ""},
}};

bool read_member(Decoder& d, Member member, std::string_view text) {
  Event& event = d.out.event;
  switch (member) {
    case kId:
      return read_id(d, IdKind::kEvent, event.id);
    case kVersion:
      return read_version(d.cursor, event.schema_version);
    case kObserved:
      return read_time(d, event.observed_at);
    case kRecorded:
      return read_time(d, event.recorded_at);
    case kSource:
      return read_source(d);
    case kType:
      return read_event_type(d);
    case kTrace:
      return read_trace(d);
    case kSession:
      return read_optional_text(d, event.session_id);
    case kTags:
      return read_tags(d);
    case kPayload:
      return read_payload(d, text);
    case kPayloadHash:
      return d.cursor.read_string(event.payload_hash);
    case kPrevHash:
      return read_optional_text(d, event.prev_event_hash);
    case kEventHash:
      return d.cursor.read_string(event.event_hash);
    case kRowHash:
      return read_row_hash(d);
    case kSignature:
      return read_signature(d);
    case kMemberCount:
      break;
  }
  return false;
}

// Members come in the order of the format nearly always: look at the expected place first.
Member find_member(std::string_view key, std::size_t expected) {
  if (expected < kMemberCount && kMembers[expected].name == key)
    return static_cast<Member>(expected);
  for (std::size_t i = 0; i < kMemberCount; ++i) {
    if (kMembers[i].name == key) return static_cast<Member>(i);
  }
  return kMemberCount;
}

void clear_optional(Event& event) {
  event.trace_id.reset();
  event.session_id.reset();
  event.prev_event_hash.reset();
  event.row_hash.reset();
  event.signature.reset();
  event.payload.clear();
}

bool decode_members(Decoder& d) {
  Cursor& c = d.cursor;
  if (c.peek() != json::Type::kObject) return c.fail(FaultKind::kType, "expected an event object");
  if (!c.enter_object()) return false;
  unsigned seen = 0;
  std::size_t expected = 0;
  std::string_view key;
  while (c.next_member(key)) {
    const Member member = find_member(key, expected);
    if (member == kMemberCount) {
      if (!c.skip_value()) return false;
      continue;
    }
    if ((seen >> member & 1U) != 0 && d.dialect == Dialect::kLedgerRow) {
      return c.fail(FaultKind::kType, "repeated member of an event");
    }
    seen |= 1U << member;
    if (!read_member(d, member, c.text())) return false;
    expected = member + 1U;
  }
  if (c.failed()) return false;
  for (std::size_t i = 0; i < kMemberCount; ++i) {
    if (kMembers[i].required && (seen >> i & 1U) == 0) {
      return c.fail(FaultKind::kType, kMembers[i].missing);
    }
  }
  return true;
}

// True when every double of the value survives a read of its own canonical text.
bool all_stable(const json::Value& value) {
  if (const auto* number = value.as_number()) return json::is_stable(*number);
  if (const auto* array = value.as_array()) {
    for (const auto& element : *array) {
      if (!all_stable(element)) return false;
    }
  }
  if (const auto* object = value.as_object()) {
    for (const auto& [key, member] : *object) {
      if (!all_stable(member)) return false;
    }
  }
  return true;
}

// A canonical payload of integers and text needs no re-reading; a fraction or an exponent might
// print differently.
bool has_float_token(std::string_view canonical_json) {
  bool in_string = false;
  for (std::size_t i = 0; i < canonical_json.size(); ++i) {
    const char c = canonical_json[i];
    if (c == '\\' && in_string) {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '.' || c == 'e') && i > 0 && canonical_json[i - 1] >= '0' &&
               canonical_json[i - 1] <= '9') {
      return true;
    }
  }
  return false;
}

bool settle_session_payload(Decoder& d) {
  DecodedEvent& out = d.out;
  if (out.raw_payload_is_canonical && !has_float_token(out.raw_payload)) {
    out.event.payload.assign(out.raw_payload);
    return true;
  }
  Cursor cursor(out.raw_payload, 0, out.payload_depth);
  json::Value value;
  if (!json::read_value(cursor, value)) {
    return d.cursor.fail(cursor.fault().kind, cursor.fault().what);
  }
  json::write_compact(out.event.payload, value, json::Keys::kSorted);
  out.unstable_numbers = !all_stable(value);
  return true;
}

}  // namespace

bool decode_event(Cursor& cursor, Dialect dialect, DecodedEvent& out) {
  clear_optional(out.event);
  out.unstable_numbers = false;
  Decoder d{cursor, dialect, out};
  if (!decode_members(d)) return false;
  return dialect != Dialect::kSession || settle_session_payload(d);
}

Result<std::string> canonical_payload(std::string_view raw, int depth_used) {
  CORTEX_ASSIGN(const json::Value value, json::parse(raw, depth_used));
  return json::canonical(value);
}

void append_source(std::string& out, const Source& source) {
  out.append("{\"type\":\"");
  out.append(source_type_text(source.type));
  out.push_back('"');
  if (source.type == SourceType::kChildAgent || source.type == SourceType::kTool) {
    out.append(source.type == SourceType::kTool ? ",\"name\":" : ",\"model\":");
    json::write_string(out, source.name);
  }
  out.push_back('}');
}

void append_tags(std::string& out, const std::vector<std::string>& tags) {
  out.push_back('[');
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (i > 0) out.push_back(',');
    json::write_string(out, tags[i]);
  }
  out.push_back(']');
}

namespace {

void append_optional_text(std::string& out, const std::optional<std::string>& text) {
  if (text) {
    json::write_string(out, *text);
  } else {
    out.append("null");
  }
}

void append_signature(std::string& out, const RowSignature& signature) {
  out.append(",\"signature\":{\"schema_version\":");
  out.append(std::to_string(signature.schema_version));
  out.append(",\"key_id\":");
  json::write_string(out, signature.key_id);
  out.append(",\"signed_at\":\"");
  out.append(format_rfc3339(signature.signed_at, Offset::kZ));
  out.append("\",\"bytes\":");
  json::write_string(out, signature.bytes);
  out.push_back('}');
}

}  // namespace

void append_row(std::string& out, const Event& event) {
  append_row_body(out, event);
  append_row_end(out, event);
}

void append_row_end(std::string& out, const Event& event) {
  if (event.row_hash) {
    out.append(",\"");
    out.append(kRowHashMember);
    out.append("\":");
    json::write_string(out, *event.row_hash);
  }
  if (event.signature) append_signature(out, *event.signature);
  out.push_back('}');
}

void append_row_body(std::string& out, const Event& event) {
  out.append("{\"id\":\"");
  append_id(out, IdKind::kEvent, event.id);
  out.append("\",\"schema_version\":");
  out.append(std::to_string(event.schema_version));
  out.append(",\"observed_at\":\"");
  out.append(format_rfc3339(event.observed_at, Offset::kZ));
  out.append("\",\"recorded_at\":\"");
  out.append(format_rfc3339(event.recorded_at, Offset::kZ));
  out.append("\",\"source\":");
  append_source(out, event.source);
  out.append(",\"event_type\":\"");
  out.append(event_type_text(event.type));
  out.append("\",\"trace_id\":");
  if (event.trace_id) {
    out.push_back('"');
    append_id(out, IdKind::kTrace, *event.trace_id);
    out.push_back('"');
  } else {
    out.append("null");
  }
  out.append(",\"session_id\":");
  append_optional_text(out, event.session_id);
  out.append(",\"domain_tags\":");
  append_tags(out, event.domain_tags);
  out.append(",\"payload\":");
  out.append(event.payload);
  out.append(",\"payload_hash\":");
  json::write_string(out, event.payload_hash);
  out.append(",\"prev_event_hash\":");
  append_optional_text(out, event.prev_event_hash);
  out.append(",\"event_hash\":");
  json::write_string(out, event.event_hash);
}

}  // namespace cortex::core
