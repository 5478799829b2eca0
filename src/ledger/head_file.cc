#include "ledger/head_file.h"

#include "base/text.h"
#include "json/value.h"
#include "ledger/checked_line.h"
#include "ledger/tail.h"

namespace cortex::ledger {
namespace {

constexpr std::uint64_t kBytesMax = 4096;
constexpr std::uint64_t kHeadFormat = 2;

std::optional<std::string> text_of_hash(const json::Value& value) {
  if (value.as_string() == nullptr) return std::nullopt;
  return *value.as_string();
}

std::optional<LedgerHead> head_of(const json::Value& document) {
  const auto size_bytes = document.find_unsigned("size_bytes");
  const auto rows = document.find_unsigned("rows");
  const json::Value* hash = document.find("head");
  const json::Value* row_hash = document.find("row_hash");
  if (!size_bytes || !rows || hash == nullptr || row_hash == nullptr) return std::nullopt;
  return LedgerHead{*size_bytes, *rows, text_of_hash(*hash), text_of_hash(*row_hash)};
}

json::Object document_of(const LedgerHead& head) {
  return {{"head", json::or_null(head.hash)},
          {"row_hash", json::or_null(head.row_hash)},
          {"rows", head.rows},
          {"size_bytes", head.size_bytes}};
}

}  // namespace

std::string head_file_path(const std::string& ledger_path) {
  return fs::join(fs::parent_of(ledger_path), cat("cortex_", fs::name_of(ledger_path), ".head"));
}

namespace {

// The tail up to there, when it ends with the row that `head` names.
std::optional<Tail> tail_at(fs::File& ledger, const LedgerHead& head) {
  const auto info = ledger.info();
  if (!info.ok() || head.size_bytes > info->size_bytes) return std::nullopt;
  auto tail = read_tail(ledger, head.size_bytes);
  if (!tail.ok() || tail->torn || tail->head != head.hash) return std::nullopt;
  return std::move(tail).value();
}

}  // namespace

bool ends_with(fs::File& ledger, const LedgerHead& head) {
  return tail_at(ledger, head).has_value();
}

std::optional<HeadFile> load_head_file(fs::FileSystem& fs, const std::string& ledger_path) {
  const auto text = fs::read_all(fs, head_file_path(ledger_path), kBytesMax);
  if (!text.ok()) return std::nullopt;
  const auto document = parse_checked_line(*text);
  if (!document || document->find_unsigned("format") != kHeadFormat) return std::nullopt;
  const auto head = head_of(*document);
  if (!head) return std::nullopt;
  HeadFile file{*head, std::nullopt};
  if (const json::Value* broken = document->find("broken")) file.broken = head_of(*broken);
  return file;
}

std::optional<LedgerHead> read_head_file(fs::FileSystem& fs, fs::File& ledger) {
  const auto file = load_head_file(fs, ledger.path());
  if (!file) return std::nullopt;
  const auto tail = tail_at(ledger, file->head);
  if (!tail || tail->missing_newline) return std::nullopt;
  return file->head;
}

Status write_head_file(fs::FileSystem& fs, const std::string& ledger_path, const LedgerHead& head,
                       const std::optional<LedgerHead>& broken) {
  json::Object document{{"format", kHeadFormat}};
  for (json::Member& member : document_of(head)) {
    document.add(member.first, std::move(member.second));
  }
  if (broken) document.add("broken", document_of(*broken));
  return fs.overwrite(head_file_path(ledger_path), checked_line(document));
}

}  // namespace cortex::ledger
