// Documents of many events, in their order: a second thread makes those of one batch while the
// caller puts those of the batch before into the index and reads the next. Few rows need no thread.
// What waits is bounded: a large row gives its memory back when it was put.
#pragma once

#include <array>
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
  // What is kept for the rows to come, once finish() has returned.
  std::size_t kept_bytes() const;

 private:
  // At most so many rows, or the row that makes it as many bytes, wait together.
  static constexpr std::size_t kRows = 128, kBytes = 1U << 18;
  // A batch keeps room for this many bytes of rows, each of its documents for this many terms.
  static constexpr std::size_t kBytesKept = 2 * kBytes, kTermsKept = 512;

  // A row whose six texts stand one behind the other in the text of its batch.
  struct Row {
    std::int64_t rowid = 0;
    std::size_t begin = 0;
    std::array<std::size_t, 6> sizes{};
  };
  struct Batch {
    std::string text;
    std::vector<Row> rows;
    std::vector<Document> documents;  // at least as many as rows; the memory of each is used again
  };

  static EventRow view_of(const Batch& batch, const Row& row);
  void make(Batch& batch);
  Status put(Batch& batch);
  Status turn();

  DocumentMaker& maker_;
  Put put_;
  Batch filled_, in_making_, made_;
  std::jthread worker_;  // works on in_making_; ends before what it uses
};

}  // namespace cortex::retrieval
