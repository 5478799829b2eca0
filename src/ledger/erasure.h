// Erased rows (docs/formats.md, 6.10): a text was taken out of a row's payload on purpose. What the
// payload was is still committed to by the row's hashes; an operation of the ledger says who did it
// and which rows are concerned. Pure functions.
//
//   the row         "payload":{..."[erased]"...,"cortex_erased":{"id":I,"leaf":L}}, all other
//   members
//                   as they were: the payload hash no longer fits, the event hash and signature do
//   the operation   memory.erase, args.erasure = I, args.rows = [{event_id, payload_hash, leaf,
//                   erased_leaf}]: leaf is the row's hash in the Merkle tree as it was first
//                   written, erased_leaf the one of the row as it is now
//
// A row of this form that no operation names is a broken row. The tree keeps the leaf as first
// written, so that checkpoints and proofs made before still hold.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ulid.h"
#include "core/event_codec.h"
#include "json/value.h"
#include "ledger/tlog/merkle.h"

namespace cortex::ledger {

inline constexpr std::string_view kErasedMember = "cortex_erased";
inline constexpr std::string_view kErasedText = "[erased]";
inline constexpr std::string_view kErasureOperation = "memory.erase";
inline constexpr std::string_view kErasureUnrecordedToken = "audit.erasure.not_recorded";

// What an erased row says of itself.
struct ErasureMark {
  std::string id;   // of the erasure
  TreeHash leaf{};  // of the row as it was first written
};

// The mark of a row whose payload does not hash to what it should. O(1) without the member's name.
std::optional<ErasureMark> erasure_mark(const core::DecodedEvent& row);
// The row's hash in the Merkle tree: of `entry`, or what the mark keeps.
TreeHash row_leaf(const core::DecodedEvent& row, std::string_view entry);

// A row that an erasure names.
struct NamedRow {
  Ulid event_id;
  std::string payload_hash;
  TreeHash leaf{}, erased_leaf{};

  friend bool operator==(const NamedRow&, const NamedRow&) = default;
};
struct ErasureRecord {
  std::string id;
  std::string memory_id;  // of the memory whose text was erased; empty: the record does not say
  std::vector<NamedRow> rows;
};
// Nothing for rows that are no such operation, or a malformed one. O(1) without its name.
std::optional<ErasureRecord> parse_erasure_record(const core::DecodedEvent& row);
json::Value to_json(const NamedRow& row);

// An erased row as the pass meets it.
struct ErasedRow {
  std::uint64_t line = 0, file_line = 0;
  Ulid event_id;
  std::string payload_hash;
  ErasureMark mark;
  TreeHash leaf_now{};
};

// Collects both sides over a ledger and tells what does not fit. O(erased and named rows).
class ErasureBooks {
 public:
  void add(ErasedRow row) { erased_.push_back(std::move(row)); }
  void add(ErasureRecord record);

  std::uint64_t rows() const { return erased_.size(); }
  const std::vector<ErasedRow>& erased() const { return erased_; }
  // Those that no operation names as they are.
  std::vector<const ErasedRow*> unrecorded() const;
  // Rows named that are not erased: a crash came between the two. The same command ends it.
  std::uint64_t pending() const;

 private:
  using Key = std::pair<std::string, Ulid>;  // erasure, event
  std::vector<ErasedRow> erased_;
  std::map<Key, NamedRow> named_;
};

// Whether a member of a row of Cortex's own, or a column, names and orders things (ids, states,
// times, hashes) and tells nothing: what stands in it is read by programs and never erased.
bool is_structure(std::string_view name);

// How a text is taken out of a payload: as part of longer texts, or, when it is too short to tell
// anything by itself, only where it is the whole of one. In a text that is JSON it is taken out of
// the strings in it; the JSON stays.
class Eraser {
 public:
  static constexpr std::size_t kPartBytesMin = 12;
  explicit Eraser(std::string text);

  // A part of the text that stands wherever the text does, however it is escaped; may be empty.
  const std::string& anchor() const { return anchor_; }
  // Whether the bytes of a file hold the text, as it is or escaped.
  bool is_in_bytes(std::string_view bytes) const;
  std::size_t longest_form_bytes() const { return forms_.back().size(); }

  bool is_in(const core::DecodedEvent& row) const;
  // The row with the text taken out and marked with the erasure; its hashes and signature stay.
  core::Event erased(const core::DecodedEvent& row, const ErasureMark& mark) const;
  // What a member of Cortex's own, or a column, of that name holds, without the text.
  json::Value without(std::string_view name, const json::Value& value) const;
  std::string without(std::string_view name, const std::string& text) const;

 private:
  bool whole_only() const { return text_.size() < kPartBytesMin; }
  // Whose names say what is structure: nobody's in what agents and other programs wrote.
  enum class Names : std::uint8_t { kOurs, kTheirs };
  static Names names_of(const core::Event& event);
  json::Value taken_out(Names names, std::string_view name, const json::Value& value) const;
  std::string taken_out(Names names, std::string_view name, const std::string& text) const;

  std::string text_, anchor_;
  std::vector<std::string> forms_;  // as it is, then escaped once more each
};

}  // namespace cortex::ledger
