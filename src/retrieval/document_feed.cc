#include "retrieval/document_feed.h"

#include <utility>

namespace cortex::retrieval {

Status DocumentFeed::add(const EventRow& row) {
  if (filled_.rows.size() == filled_.count) filled_.rows.emplace_back();
  // The texts keep their memory from batch to batch.
  Row& copy = filled_.rows[filled_.count++];
  copy.rowid = row.rowid;
  copy.observed_at = row.observed_at;
  copy.source_json = row.source_json;
  copy.session_id = row.session_id;
  copy.trace_id = row.trace_id;
  copy.event_type = row.event_type;
  copy.payload_json = row.payload_json;
  filled_.bytes += row.payload_json.size();
  return filled_.count == kRows || filled_.bytes >= kBytes ? turn() : Status();
}

void DocumentFeed::make(Batch& batch) {
  if (batch.documents.size() < batch.count) batch.documents.resize(batch.count);
  for (std::size_t i = 0; i < batch.count; ++i) {
    const Row& row = batch.rows[i];
    batch.documents[i] =
        maker_.make(EventRow{row.rowid, row.observed_at, row.source_json, row.session_id,
                             row.trace_id, row.event_type, row.payload_json});
  }
}

Status DocumentFeed::put(Batch& batch) {
  const std::size_t count = std::exchange(batch.count, 0);
  batch.bytes = 0;
  for (std::size_t i = 0; i < count; ++i) CORTEX_TRY(put_(batch.documents[i]));
  return {};
}

Status DocumentFeed::turn() {
  if (worker_.joinable()) worker_.join();
  std::swap(made_, in_making_);
  std::swap(in_making_, filled_);
  worker_ = std::jthread([this] { make(in_making_); });
  return put(made_);
}

Status DocumentFeed::finish() {
  if (worker_.joinable()) worker_.join();
  CORTEX_TRY(put(in_making_));
  make(filled_);
  return put(filled_);
}

}  // namespace cortex::retrieval
