// The semantic snapshot: what a store believes, in a form in which two stores can be compared
// (docs/formats.md, "Semantic snapshot"). Reading a store is O(active rows) in time and memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"
#include "sqlite/connection.h"

namespace cortex::bundle {

// Each list is ordered weakest first, which is the order of comparison.
enum class MemoryType : std::uint8_t { kEpisodic, kSemantic, kProcedural, kStrategic, kAffective };
enum class Force : std::uint8_t { kAdvisory, kConditioning, kGate };
enum class TruthState : std::uint8_t {
  kUnknown,
  kCandidate,
  kActive,
  kValidated,
  kFullChainVerified,
  kAuthorityGrade,
};
enum class TrustTier : std::uint8_t { kUntrusted, kObserved, kVerified, kOperator };
enum class KeyState : std::uint8_t { kRevoked, kRetired, kActive };
enum class SnapshotMode : std::uint8_t {
  kUnknown,
  kDev,
  kLocalUnsigned,
  kSignedLocalLedger,
  kExternallyAnchored,
  kAuthorityGrade,
};
enum class SnapshotProof : std::uint8_t { kBroken, kUnknown, kPartial, kFullChainVerified };
enum class SnapshotCeiling : std::uint8_t {
  kNone,
  kUnknown,
  kAdvisory,
  kObservedLocal,
  kTrustedLocalLedger,
  kExternallyAnchored,
  kAuthorityGrade,
};

// The words of an enumeration in its order.
template <class E>
std::span<const std::string_view> words();

template <class E>
std::string_view word_of(E value) {
  return words<E>()[static_cast<std::size_t>(value)];
}
template <class E>
std::optional<E> from_word(std::string_view word) {
  const auto all = words<E>();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == word) return static_cast<E>(i);
  }
  return std::nullopt;
}

struct PrincipleState {
  std::string title;
  TruthState truth_state = TruthState::kActive;
  std::set<std::string> supporting_memory_ids{};

  friend bool operator==(const PrincipleState&, const PrincipleState&) = default;
};

struct DoctrineState {
  std::string rule, source_principle_id;
  Force force = Force::kAdvisory;
  TruthState truth_state = TruthState::kActive;

  friend bool operator==(const DoctrineState&, const DoctrineState&) = default;
};

struct MemoryState {
  std::string claim;
  MemoryType memory_type = MemoryType::kSemantic;
  std::optional<std::string> claim_key;
  TruthState truth_state = TruthState::kUnknown;
  std::uint64_t salience = 0;  // hundredths, 0..100 from a store

  friend bool operator==(const MemoryState&, const MemoryState&) = default;
};

struct SalienceDistribution {
  std::uint64_t low = 0, medium = 0, high = 0, critical = 0;

  friend bool operator==(const SalienceDistribution&, const SalienceDistribution&) = default;
};

struct ContradictionState {
  std::string claim_key;
  std::set<std::string> memory_ids;
  std::string reason;

  friend bool operator==(const ContradictionState&, const ContradictionState&) = default;
};

struct PrincipalState {
  TrustTier trust_tier = TrustTier::kUntrusted;
  std::set<std::string> key_ids;
};

struct KeyRecord {
  std::string principal_id;
  KeyState key_state = KeyState::kActive;
};

struct Snapshot {
  std::optional<std::string> snapshot_id;
  std::optional<std::uint64_t> schema_version;
  std::map<std::string, PrincipleState> principles;
  std::map<std::string, DoctrineState> doctrine;
  std::map<std::string, MemoryState> memories;
  SalienceDistribution salience;
  std::map<std::string, ContradictionState> contradictions;
  std::map<std::string, PrincipalState> principals;
  std::map<std::string, KeyRecord> keys;
  SnapshotMode runtime_mode = SnapshotMode::kUnknown;
  SnapshotProof proof_state = SnapshotProof::kUnknown;
  SnapshotCeiling claim_ceiling = SnapshotCeiling::kUnknown;
  std::map<std::string, SnapshotCeiling> per_claim;
};

// Of a store whose schema was checked. Error kPrecondition: a row that cannot be read as what its
// column means.
Result<Snapshot> extract_snapshot(sqlite::Connection& db);

// Opens the store for inspection (nothing is written, no sidecar stays behind), checks its schema
// and extracts. Errors: kPrecondition; kSchema with one line per failure.
Result<Snapshot> snapshot_of_store(fs::FileSystem& fs, const std::string& db_path);

// A snapshot as `restore snapshot` prints it. `side`: "current" or "restored", for the message.
// Errors: kPrecondition when it cannot be read, kQuarantined when it is no snapshot.
Result<Snapshot> read_snapshot_file(fs::FileSystem& fs, const std::string& path,
                                    std::string_view side);

// Members in the order of the format.
json::Value to_json(const Snapshot& snapshot);
json::Value to_json(const SalienceDistribution& distribution);

}  // namespace cortex::bundle
