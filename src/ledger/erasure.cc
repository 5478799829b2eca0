#include "ledger/erasure.h"

#include <algorithm>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/digest.h"
#include "json/canonical.h"
#include "ledger/own_row.h"

namespace cortex::ledger {
namespace {

std::optional<TreeHash> hash_of_hex(const json::Value& value, std::string_view key) {
  const std::string* text = value.find_text(key);
  return text == nullptr ? std::nullopt : fixed_bytes<TreeHash>(from_hex(*text));
}

// As the chain check has it: with numbers as they are written, or as they are read back. A payload
// that fits in either way says of itself whatever it likes.
bool payload_fits(const core::DecodedEvent& row) {
  json::Cursor cursor(row.raw_payload, 0, row.payload_depth);
  std::string lexical;
  if (json::write_lexical_canonical(cursor, lexical) &&
      crypto::blake3_hex(lexical) == row.event.payload_hash) {
    return true;
  }
  const auto canonical = core::canonical_payload(row.raw_payload, row.payload_depth);
  return canonical.ok() && crypto::blake3_hex(*canonical) == row.event.payload_hash;
}

std::optional<NamedRow> named_row(const json::Value& value) {
  NamedRow out;
  const std::string* id = value.find_text("event_id");
  const auto event_id = id == nullptr ? std::nullopt : core::parse_id(core::IdKind::kEvent, *id);
  const std::string* payload_hash = value.find_text("payload_hash");
  const auto leaf = hash_of_hex(value, "leaf");
  const auto erased_leaf = hash_of_hex(value, "erased_leaf");
  if (!event_id || payload_hash == nullptr || !leaf || !erased_leaf) return std::nullopt;
  return NamedRow{*event_id, *payload_hash, *leaf, *erased_leaf};
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::optional<ErasureMark> erasure_mark(const core::DecodedEvent& row) {
  if (row.raw_payload.find(kErasedMember) == std::string_view::npos) return std::nullopt;
  const auto payload = json::parse(row.raw_payload, row.payload_depth);
  const json::Value* mark = payload.ok() ? payload->find(kErasedMember) : nullptr;
  const std::string* id = mark == nullptr ? nullptr : mark->find_text("id");
  if (id == nullptr || payload_fits(row)) return std::nullopt;
  const auto leaf = hash_of_hex(*mark, "leaf");
  if (!leaf) return std::nullopt;
  return ErasureMark{*id, *leaf};
}

TreeHash row_leaf(const core::DecodedEvent& row, std::string_view entry) {
  const auto mark = erasure_mark(row);
  return mark ? mark->leaf : leaf_hash(entry);
}

std::optional<ErasureRecord> parse_erasure_record(const core::DecodedEvent& row) {
  const auto args = operation_args(row, kErasureOperation);
  const std::string* id = args ? args->find_text("erasure") : nullptr;
  const json::Value* rows = args ? args->find("rows") : nullptr;
  if (id == nullptr || rows == nullptr || rows->as_array() == nullptr) return std::nullopt;
  const std::string* memory_id = args->find_text("memory_id");
  ErasureRecord record{*id, memory_id == nullptr ? "" : *memory_id, {}};
  for (const json::Value& value : *rows->as_array()) {
    auto named = named_row(value);
    if (!named) return std::nullopt;
    record.rows.push_back(*std::move(named));
  }
  return record;
}

json::Value to_json(const NamedRow& row) {
  return json::Object{{"event_id", core::id_text(core::IdKind::kEvent, row.event_id)},
                      {"payload_hash", row.payload_hash},
                      {"leaf", to_hex(row.leaf)},
                      {"erased_leaf", to_hex(row.erased_leaf)}};
}

void ErasureBooks::add(ErasureRecord record) {
  for (NamedRow& row : record.rows) {
    const Ulid event_id = row.event_id;
    named_.insert_or_assign({record.id, event_id}, std::move(row));
  }
}

std::vector<const ErasedRow*> ErasureBooks::unrecorded() const {
  std::vector<const ErasedRow*> out;
  for (const ErasedRow& row : erased_) {
    const auto named = named_.find({row.mark.id, row.event_id});
    const bool fits = named != named_.end() && named->second.payload_hash == row.payload_hash &&
                      named->second.leaf == row.mark.leaf &&
                      named->second.erased_leaf == row.leaf_now;
    if (!fits) out.push_back(&row);
  }
  return out;
}

std::uint64_t ErasureBooks::pending() const {
  std::vector<Ulid> erased;
  erased.reserve(erased_.size());
  for (const ErasedRow& row : erased_) erased.push_back(row.event_id);
  std::ranges::sort(erased);
  return static_cast<std::uint64_t>(std::ranges::count_if(named_, [&](const auto& named) {
    return !std::ranges::binary_search(erased, named.first.second);
  }));
}

bool is_structure(std::string_view name) {
  // What people gave, though it is called like something else.
  constexpr std::string_view kContent[] = {"evidence_ref", "outcome_ref"};
  if (std::ranges::find(kContent, name) != std::end(kContent)) return false;
  constexpr std::string_view kNames[] = {"actor",
                                         "at",
                                         "authority",
                                         "by",
                                         "client",
                                         "confidence",
                                         "contradicting_memories_json",
                                         "corrects",
                                         "cortex_operation",
                                         "erasure",
                                         "force",
                                         "from",
                                         "id",
                                         "kind",
                                         "loser",
                                         "method",
                                         "operation",
                                         "outcome",
                                         "public_key",
                                         "relation",
                                         "result",
                                         "retired",
                                         "runner",
                                         "session",
                                         "signature",
                                         "source_episodes_json",
                                         "source_events_json",
                                         "source_ids_json",
                                         "source_principle",
                                         "source_refs",
                                         "source_refs_json",
                                         "state",
                                         "status",
                                         "summary_method",
                                         "supporting_memories_json",
                                         "to",
                                         "trust_tier",
                                         "type",
                                         "winner"};
  constexpr std::string_view kEnds[] = {"_at",   "_blake3", "_epoch", "_for",  "_from",
                                        "_hash", "_id",     "_ids",   "_kind", "_outcome",
                                        "_ref",  "_type",   "_until", "leaf"};
  return std::ranges::binary_search(kNames, name) ||
         std::ranges::any_of(kEnds, [name](std::string_view end) { return name.ends_with(end); });
}

Eraser::Eraser(std::string text) : text_(std::move(text)) {
  constexpr int kEscapedMost = 3;  // JSON as a text in JSON as a text of a row
  std::string form = text_;
  if (!whole_only()) forms_.push_back(form);
  for (int times = 0; times < kEscapedMost; ++times) {
    std::string spelled = json::string_text(form);
    // A short text counts where it is the whole of one: between its quotes.
    form = whole_only() && times == 0 ? spelled : spelled.substr(1, spelled.size() - 2);
    if (forms_.empty() || form != forms_.back()) forms_.push_back(form);
  }
  const auto stays = [](char c) {
    return c >= ' ' && c <= '~' && !std::string_view("\"&'/<>\\").contains(c);
  };
  for (auto at = text_.begin(); at != text_.end();) {
    const auto end = std::find_if_not(at, text_.end(), stays);
    if (static_cast<std::size_t>(end - at) > anchor_.size()) anchor_.assign(at, end);
    at = end == text_.end() ? end : end + 1;
  }
}

bool Eraser::is_in_bytes(std::string_view bytes) const {
  return std::ranges::any_of(
      forms_, [bytes](const std::string& form) { return bytes.find(form) != bytes.npos; });
}

Eraser::Names Eraser::names_of(const core::Event& event) {
  return is_own_row(event) ? Names::kOurs : Names::kTheirs;
}

bool Eraser::is_in(const core::DecodedEvent& row) const {
  const bool may_hold = whole_only() ? is_in_bytes(row.raw_payload)
                                     : row.raw_payload.find(anchor_) != std::string_view::npos;
  if (!may_hold && row.raw_payload_is_canonical) return false;
  const auto payload = json::parse(row.raw_payload, row.payload_depth);
  return payload.ok() && json::write_compact(taken_out(names_of(row.event), "", *payload)) !=
                             json::write_compact(*payload);
}

std::string Eraser::taken_out(Names names, std::string_view name, const std::string& text) const {
  if (names == Names::kOurs && is_structure(name)) return text;
  if (text.find(anchor_) == std::string::npos) return text;
  if (text == text_) return std::string(kErasedText);
  if (text.starts_with('{') || text.starts_with('[')) {
    if (const auto value = json::parse(text); value.ok()) {
      std::string left = json::write_compact(taken_out(names, name, *value));
      return left == json::write_compact(*value) ? text : left;
    }
  }
  if (whole_only()) return text;
  std::string out = text;
  // Escaped ones first: what is spelled the same either way is found either way.
  for (auto form = forms_.rbegin(); form != forms_.rend(); ++form) {
    replace_all(out, *form, kErasedText);
  }
  return out;
}

json::Value Eraser::taken_out(Names names, std::string_view name, const json::Value& value) const {
  if (const std::string* text = value.as_string()) return taken_out(names, name, *text);
  if (const json::Array* array = value.as_array()) {
    json::Array out;
    out.reserve(array->size());
    for (const json::Value& one : *array) out.push_back(taken_out(names, name, one));
    return out;
  }
  const json::Object* object = value.as_object();
  if (object == nullptr) return value;
  json::Object out;
  for (const auto& [key, member] : *object) out.add(key, taken_out(names, key, member));
  return out;
}

json::Value Eraser::without(std::string_view name, const json::Value& value) const {
  return taken_out(Names::kOurs, name, value);
}

std::string Eraser::without(std::string_view name, const std::string& text) const {
  return taken_out(Names::kOurs, name, text);
}

core::Event Eraser::erased(const core::DecodedEvent& row, const ErasureMark& mark) const {
  const auto payload = json::parse(row.raw_payload, row.payload_depth);
  json::Value left = payload.ok() ? taken_out(names_of(row.event), "", *payload) : json::Value();
  json::Object out;
  if (const json::Object* object = left.as_object()) {
    out = *object;
  } else {
    out.add("value", std::move(left));
  }
  out.set(std::string(kErasedMember), json::Object{{"id", mark.id}, {"leaf", to_hex(mark.leaf)}});
  core::Event event = row.event;
  event.payload = json::canonical(std::move(out));
  return event;
}

}  // namespace cortex::ledger
