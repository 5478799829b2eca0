// Documents of many events, in their order: two threads make those of a batch, each takes the next
// row that nobody took, and the caller puts them. Few rows need no second thread. What waits is
// bounded: a large row gives its memory back when it was put.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
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
  static constexpr std::size_t kRows = 256, kBytes = 1U << 18;
  // Fewer bytes are made sooner than a thread is started.
  static constexpr std::size_t kBytesAlone = 1U << 15;
  // This many bytes of rows keep their room, and this many terms of each document.
  static constexpr std::size_t kBytesKept = 2 * kBytes, kTermsKept = 512;

  // A row whose six texts stand one behind the other in the text of the batch.
  struct Row {
    std::int64_t rowid = 0;
    std::size_t begin = 0;
    std::array<std::size_t, 6> sizes{};
  };

  EventRow view_of(const Row& row) const;
  void make_what_is_left(DocumentMaker& maker);
  Status make_and_put();

  DocumentMaker& maker_;
  DocumentMaker other_maker_;
  Put put_;
  std::string text_;
  std::vector<Row> rows_;
  std::vector<Document> documents_;  // at least as many as rows; the memory of each is used again
  std::atomic<std::size_t> taken_ = 0;  // rows
};

}  // namespace cortex::retrieval
