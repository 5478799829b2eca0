#include "bundle/snapshot.h"

#include <utility>

#include "base/text.h"
#include "bundle/fields.h"

namespace cortex::bundle {
namespace {

constexpr std::uint64_t kSnapshotBytesMax = 1ULL << 30;

constexpr std::string_view kMemoryTypes[] = {"episodic", "semantic", "procedural", "strategic",
                                             "affective"};
constexpr std::string_view kForces[] = {"advisory", "conditioning", "gate"};
constexpr std::string_view kTruthStates[] = {"unknown",   "candidate",           "active",
                                             "validated", "full_chain_verified", "authority_grade"};
constexpr std::string_view kTiers[] = {"untrusted", "observed", "verified", "operator"};
constexpr std::string_view kKeyStates[] = {"revoked", "retired", "active"};
constexpr std::string_view kModes[] = {
    "unknown",        "dev", "local_unsigned", "signed_local_ledger", "externally_anchored",
    "authority_grade"};
constexpr std::string_view kProofs[] = {"broken", "unknown", "partial", "full_chain_verified"};
constexpr std::string_view kCeilings[] = {"none",
                                          "unknown",
                                          "advisory",
                                          "observed_local",
                                          "trusted_local_ledger",
                                          "externally_anchored",
                                          "authority_grade"};

template <class E>
bool read_word(json::Cursor& cursor, E& out) {
  std::string text;
  if (!cursor.read_string(text)) return false;
  const auto value = from_word<E>(text);
  if (!value) return cursor.fail(json::FaultKind::kType, "an unknown word");
  out = *value;
  return true;
}
template <class E>
std::function<bool(json::Cursor&)> word_into(E& out) {
  return [&out](json::Cursor& cursor) { return read_word(cursor, out); };
}

constexpr std::uint64_t kU16Max = 0xFFFF;
constexpr std::uint64_t kU32Max = 0xFFFFFFFF;

bool read(json::Cursor& cursor, PrincipleState& out) {
  const Field fields[] = {{"title", text_into(out.title)},
                          {"truth_state", word_into(out.truth_state)},
                          {"supporting_memory_ids", texts_into(out.supporting_memory_ids)}};
  return read_fields(cursor, fields);
}

bool read(json::Cursor& cursor, DoctrineState& out) {
  const Field fields[] = {{"rule", text_into(out.rule)},
                          {"source_principle_id", text_into(out.source_principle_id)},
                          {"force", word_into(out.force)},
                          {"truth_state", word_into(out.truth_state)}};
  return read_fields(cursor, fields);
}

bool read(json::Cursor& cursor, MemoryState& out) {
  const Field fields[] = {{"claim", text_into(out.claim)},
                          {"memory_type", word_into(out.memory_type)},
                          {"claim_key", nullable_text_into(out.claim_key), false},
                          {"truth_state", word_into(out.truth_state)},
                          {"salience", count_into(out.salience, kU16Max)}};
  return read_fields(cursor, fields);
}

bool read(json::Cursor& cursor, SalienceDistribution& out) {
  const Field fields[] = {{"low", count_into(out.low, kU32Max), false},
                          {"medium", count_into(out.medium, kU32Max), false},
                          {"high", count_into(out.high, kU32Max), false},
                          {"critical", count_into(out.critical, kU32Max), false}};
  return read_fields(cursor, fields);
}

bool read(json::Cursor& cursor, ContradictionState& out) {
  const Field fields[] = {{"claim_key", text_into(out.claim_key)},
                          {"memory_ids", texts_into(out.memory_ids)},
                          {"reason", text_into(out.reason)}};
  return read_fields(cursor, fields);
}

bool read(json::Cursor& cursor, PrincipalState& out) {
  const Field fields[] = {{"trust_tier", word_into(out.trust_tier)},
                          {"key_ids", texts_into(out.key_ids)}};
  return read_fields(cursor, fields);
}

bool read(json::Cursor& cursor, KeyRecord& out) {
  const Field fields[] = {{"principal_id", text_into(out.principal_id)},
                          {"key_state", word_into(out.key_state)}};
  return read_fields(cursor, fields);
}

template <class T>
std::function<bool(json::Cursor&)> map_into(std::map<std::string, T>& out) {
  return [&out](json::Cursor& cursor) {
    return read_map(cursor, out, [](json::Cursor& c, T& value) { return read(c, value); });
  };
}

bool read_trust(json::Cursor& cursor, Snapshot& out) {
  const Field fields[] = {{"principals", map_into(out.principals), false},
                          {"keys", map_into(out.keys), false}};
  return read_fields(cursor, fields);
}

bool read_ceiling(json::Cursor& cursor, Snapshot& out) {
  const auto read_claims = [&out](json::Cursor& c) {
    return read_map(c, out.per_claim, [](json::Cursor& value, SnapshotCeiling& ceiling) {
      return read_word(value, ceiling);
    });
  };
  const Field fields[] = {{"runtime_mode", word_into(out.runtime_mode), false},
                          {"proof_state", word_into(out.proof_state), false},
                          {"claim_ceiling", word_into(out.claim_ceiling), false},
                          {"per_claim", read_claims, false}};
  return read_fields(cursor, fields);
}

Result<Snapshot> parse_snapshot(std::string_view text) {
  Snapshot out;
  const auto version = [&out](json::Cursor& cursor) {
    if (cursor.peek() == json::Type::kNull) return cursor.read_null();
    return read_count(cursor, out.schema_version.emplace(), kU16Max);
  };
  const Field fields[] = {
      {"snapshot_id", nullable_text_into(out.snapshot_id), false},
      {"schema_version", version, false},
      {"active_principles", map_into(out.principles), false},
      {"active_doctrine", map_into(out.doctrine), false},
      {"active_memories", map_into(out.memories), false},
      {"salience_distribution", [&out](json::Cursor& c) { return read(c, out.salience); }, false},
      {"unresolved_contradictions", map_into(out.contradictions), false},
      {"trust_state", [&out](json::Cursor& c) { return read_trust(c, out); }, false},
      {"truth_ceiling", [&out](json::Cursor& c) { return read_ceiling(c, out); }, false}};
  CORTEX_TRY(read_document(text, fields));
  return out;
}

json::Array texts(const std::set<std::string>& set) { return {set.begin(), set.end()}; }

template <class Map, class ToJson>
json::Object map_json(const Map& map, ToJson value_json) {
  json::Object out;
  for (const auto& [key, value] : map) out.add(key, value_json(value));
  return out;
}

json::Value principle_json(const PrincipleState& p) {
  return json::Object{{"title", p.title},
                      {"truth_state", word_of(p.truth_state)},
                      {"supporting_memory_ids", texts(p.supporting_memory_ids)}};
}

json::Value doctrine_json(const DoctrineState& d) {
  return json::Object{{"rule", d.rule},
                      {"source_principle_id", d.source_principle_id},
                      {"force", word_of(d.force)},
                      {"truth_state", word_of(d.truth_state)}};
}

json::Value memory_json(const MemoryState& m) {
  return json::Object{{"claim", m.claim},
                      {"memory_type", word_of(m.memory_type)},
                      {"claim_key", json::or_null(m.claim_key)},
                      {"truth_state", word_of(m.truth_state)},
                      {"salience", m.salience}};
}

json::Value contradiction_json(const ContradictionState& c) {
  return json::Object{
      {"claim_key", c.claim_key}, {"memory_ids", texts(c.memory_ids)}, {"reason", c.reason}};
}

json::Value principal_json(const PrincipalState& p) {
  return json::Object{{"trust_tier", word_of(p.trust_tier)}, {"key_ids", texts(p.key_ids)}};
}

json::Value key_json(const KeyRecord& k) {
  return json::Object{{"principal_id", k.principal_id}, {"key_state", word_of(k.key_state)}};
}

}  // namespace

template <>
std::span<const std::string_view> words<MemoryType>() {
  return kMemoryTypes;
}
template <>
std::span<const std::string_view> words<Force>() {
  return kForces;
}
template <>
std::span<const std::string_view> words<TruthState>() {
  return kTruthStates;
}
template <>
std::span<const std::string_view> words<TrustTier>() {
  return kTiers;
}
template <>
std::span<const std::string_view> words<KeyState>() {
  return kKeyStates;
}
template <>
std::span<const std::string_view> words<SnapshotMode>() {
  return kModes;
}
template <>
std::span<const std::string_view> words<SnapshotProof>() {
  return kProofs;
}
template <>
std::span<const std::string_view> words<SnapshotCeiling>() {
  return kCeilings;
}

Result<Snapshot> read_snapshot_file(fs::FileSystem& fs, const std::string& path,
                                    std::string_view side) {
  auto text = fs::read_all(fs, path, kSnapshotBytesMax);
  if (!text.ok()) {
    Error error = with_code(std::move(text).error(), Code::kPrecondition);
    error.message = cat("cannot read the ", side, " snapshot ", quoted(path), ": ", error.message);
    error.unchanged = "no state was changed";
    return error;
  }
  auto snapshot = parse_snapshot(*text);
  if (snapshot.ok()) return snapshot;
  return make_error(
      Code::kQuarantined,
      cat("failed to parse ", side, " snapshot ", quoted(path), ": ", snapshot.error().message),
      "no state was changed", "make it anew with `cortex restore snapshot`");
}

json::Value to_json(const SalienceDistribution& d) {
  return json::Object{
      {"low", d.low}, {"medium", d.medium}, {"high", d.high}, {"critical", d.critical}};
}

json::Value to_json(const Snapshot& s) {
  json::Object trust{{"principals", map_json(s.principals, principal_json)},
                     {"keys", map_json(s.keys, key_json)}};
  json::Object ceiling{{"runtime_mode", word_of(s.runtime_mode)},
                       {"proof_state", word_of(s.proof_state)},
                       {"claim_ceiling", word_of(s.claim_ceiling)},
                       {"per_claim", map_json(s.per_claim, [](SnapshotCeiling c) {
                          return json::Value(word_of(c));
                        })}};
  return json::Object{{"snapshot_id", json::or_null(s.snapshot_id)},
                      {"schema_version", json::or_null(s.schema_version)},
                      {"active_principles", map_json(s.principles, principle_json)},
                      {"active_doctrine", map_json(s.doctrine, doctrine_json)},
                      {"active_memories", map_json(s.memories, memory_json)},
                      {"salience_distribution", to_json(s.salience)},
                      {"unresolved_contradictions", map_json(s.contradictions, contradiction_json)},
                      {"trust_state", std::move(trust)},
                      {"truth_ceiling", std::move(ceiling)}};
}

}  // namespace cortex::bundle
