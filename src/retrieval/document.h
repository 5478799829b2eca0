// One event or memory as the index holds it. Made in the same way for the index and for rows that
// are searched without being indexed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/analyzer.h"
#include "retrieval/codec.h"
#include "retrieval/content.h"

namespace cortex::retrieval {

// A row of `events`; views live as long as the row.
struct EventRow {
  std::int64_t rowid = 0;
  std::string_view observed_at, source_json, session_id, trace_id, event_type, payload_json;
};
// A row of `memories`.
struct MemoryRow {
  std::int64_t rowid = 0;
  std::string_view claim, domains_json, status, created_at;
};

// Rows that change the store stand in the ledger too (docs/formats.md, "Operations"): what they
// say is found in the memories they made, so they are not searched as events.
bool is_operation(const EventRow& row);

struct Document {
  Kind kind = Kind::kEvent;
  std::int64_t ref = 0;
  std::int64_t time = 0;      // when it was said, as far as is known
  std::int64_t observed = 0;  // when the store learned of it
  std::uint32_t speaker = 0;  // as in DocRecord
  std::uint16_t length = 0;
  std::uint8_t flags = 0;
  std::string session;  // what groups its neighbours, or empty
  std::string source;   // "user", "tool:git"; of memories "memory"
  std::vector<DocTerm> terms;
};

// Buffers are reused from row to row. One thread at a time.
class DocumentMaker {
 public:
  const Document& make(const EventRow& row);
  const Document& make(const MemoryRow& row);

 private:
  void set_times(std::string_view observed_column);
  void analyze(std::string_view more_text);
  void count_terms();

  Analyzer analyzer_;
  Content content_;
  std::vector<Token> tokens_;
  std::vector<Term> names_;
  std::vector<DocTerm> raw_;
  struct Slot {
    Term term = 0;
    std::uint32_t place = 0, stamp = 0;
  };
  std::vector<Slot> slots_;
  std::uint32_t stamp_ = 0;
  Document document_;
};

// Sixteen bits that stand for a word of a name; never 0.
std::uint16_t name_fingerprint(Term name);
// The record of a document that has no neighbours and no names yet.
DocRecord record_of(const Document& document);

// "tool:git" of {"type":"tool","name":"git"}.
std::string source_label(std::string_view source_json);

}  // namespace cortex::retrieval
