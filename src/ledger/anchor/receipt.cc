#include "ledger/anchor/receipt.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/text.h"
#include "crypto/sha256.h"
#include "ledger/anchor/records.h"

namespace cortex::ledger {
namespace {

struct SinkRow {
  Sink sink;
  std::string_view token;
};
constexpr SinkRow kSinks[] = {{Sink::kRekor, "rekor"}, {Sink::kOpenTimestamps, "opentimestamps"}};

// Reads the members of one record, remembering the first that is not as it must be.
class ReceiptReader {
 public:
  ReceiptReader(const json::Value& document, std::size_t line) : document_(document), line_(line) {}

  std::string text(std::string_view name) {
    const json::Value* value = document_.find(name);
    if (value != nullptr && value->as_string() != nullptr) return *value->as_string();
    fail("member", cat("the member ", name, " is no string"));
    return "";
  }
  std::string hash(std::string_view name) {
    std::string value = text(name);
    if (!is_hash_hex(value)) {
      fail("hash", cat(name, " is no hash of 64 lower-case hex characters"));
    }
    return value;
  }
  std::uint64_t count(std::string_view name) {
    const auto number = document_.find_unsigned(name);
    if (!number || *number == 0) {
      fail("count", cat(name, " is no count of events above 0"));
      return 0;
    }
    return *number;
  }
  Timestamp time(std::string_view name) {
    const auto value = parse_relaxed_rfc3339(text(name));
    if (!value) fail("time", cat(name, " is no RFC 3339 time"));
    return value.value_or(Timestamp{});
  }
  Sink sink(std::string_view name) {
    const std::string value = text(name);
    const auto* row = std::ranges::find(kSinks, std::string_view(value), &SinkRow::token);
    if (row != std::end(kSinks)) return row->sink;
    fail("sink", cat(quoted(value), " is no sink that gives receipts"));
    return Sink::kRekor;
  }
  json::Object object(std::string_view name) {
    const json::Value* value = document_.find(name);
    if (value != nullptr && value->as_object() != nullptr) return *value->as_object();
    fail("member", cat("the member ", name, " is no object"));
    return {};
  }
  void fail(std::string_view kind, std::string_view why) {
    if (!error_) error_ = record_error(kReceiptFormat, line_, kind, why);
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  const json::Value& document_;
  std::size_t line_;
  std::optional<Error> error_;
};

Result<Receipt> receipt_record(const RecordLine& record) {
  auto document = json::parse(record.body);
  if (!document.ok()) {
    return record_error(kReceiptFormat, record.line, "json", document.error().message);
  }
  if (document->as_object() == nullptr) {
    return record_error(kReceiptFormat, record.line, "json", "the record is no object");
  }
  ReceiptReader reader(*document, record.line);
  Receipt receipt;
  receipt.sink = reader.sink("sink");
  receipt.anchor_text_sha256 = reader.hash("anchor_text_sha256");
  receipt.event_count = reader.count("anchor_event_count");
  receipt.head = reader.hash("anchor_chain_head_hash");
  receipt.submitted_at = reader.time("submitted_at");
  receipt.endpoint = reader.text("sink_endpoint");
  if (receipt.endpoint.empty()) reader.fail("endpoint", "sink_endpoint is empty");
  receipt.receipt = reader.object("receipt");
  if (reader.error()) return *reader.error();
  return receipt;
}

}  // namespace

std::string_view sink_token(Sink sink) {
  return std::ranges::find(kSinks, sink, &SinkRow::sink)->token;
}

std::string receipt_text(const Receipt& receipt) {
  json::Object body{{"sink", sink_token(receipt.sink)},
                    {"anchor_text_sha256", receipt.anchor_text_sha256},
                    {"anchor_event_count", receipt.event_count},
                    {"anchor_chain_head_hash", receipt.head},
                    {"submitted_at", format_rfc3339(receipt.submitted_at, Offset::kZ)},
                    {"sink_endpoint", receipt.endpoint},
                    {"receipt", json::sorted(receipt.receipt)}};
  return cat(kReceiptHeader, "\n", json::write_compact(std::move(body)), "\n");
}

Result<std::vector<Receipt>> parse_receipts(std::string_view text) {
  CORTEX_ASSIGN(const auto records, split_records(kReceiptFormat, text));
  std::vector<Receipt> receipts;
  receipts.reserve(records.size());
  for (const RecordLine& record : records) {
    CORTEX_ASSIGN(Receipt receipt, receipt_record(record));
    receipts.push_back(std::move(receipt));
  }
  for (std::size_t i = 1; i < receipts.size(); ++i) {
    if (receipts[i].event_count >= receipts[i - 1].event_count) continue;
    Error error = record_error(kReceiptFormat, records[i].line, "count",
                               cat("counts ", counted(receipts[i].event_count, "event"),
                                   " after one of ", receipts[i - 1].event_count));
    error.code = Code::kIntegrity;
    error.token = "receipt.history.count_decreases";
    return error;
  }
  return receipts;
}

Status check_binding(const Receipt& receipt, const ChainReport& chain) {
  CORTEX_TRY(check_anchor(receipt.anchor(), chain));
  if (crypto::sha256_hex(anchor_text(receipt.anchor())) == receipt.anchor_text_sha256) return {};
  return make_error(Code::kIntegrity,
                    cat("the receipt for row ", receipt.event_count,
                        " is about another text than the anchor of that row and time"),
                    "nothing was changed", "look for the receipt that belongs to this ledger",
                    "external_anchor_receipts.anchor_text_hash.mismatch");
}

}  // namespace cortex::ledger
