// Documents of many events, in their order: a second thread makes those of one batch while the
// caller puts those of the batch before into the index and reads the next. Few rows need no thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "retrieval/document.h"

namespace cortex::retrieval {

class DocumentFeed {
 public:
  using Put = std::function<Status(const Document& document)>;

  // `maker` is nobody else's until finish(); `put` is called by the thread that calls add().
  DocumentFeed(DocumentMaker& maker, Put put) : maker_(maker), put_(std::move(put)) {}

  // Copies the row. Errors: those of `put`; nothing is to be added after one.
  Status add(const EventRow& row);
  // Puts what is left.
  Status finish();

 private:
  // At most so many rows, or the row that makes it as many bytes, wait together.
  static constexpr std::size_t kRows = 128, kBytes = 1U << 18;

  struct Row {
    std::int64_t rowid = 0;
    std::string observed_at, source_json, session_id, trace_id, event_type, payload_json;
  };
  struct Batch {
    std::vector<Row> rows;
    std::vector<Document> documents;
    std::size_t count = 0, bytes = 0;
  };

  void make(Batch& batch);
  Status put(Batch& batch);
  Status turn();

  DocumentMaker& maker_;
  Put put_;
  Batch filled_, in_making_, made_;
  std::jthread worker_;  // works on in_making_; ends before what it uses
};

}  // namespace cortex::retrieval
