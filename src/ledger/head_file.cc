#include "ledger/head_file.h"

#include "base/text.h"
#include "json/value.h"
#include "ledger/tail.h"

namespace cortex::ledger {
namespace {

constexpr std::uint64_t kBytesMax = 4096;
constexpr std::uint64_t kFormat = 1;

std::optional<std::uint64_t> count_of(const json::Value& document, std::string_view key) {
  const json::Value* value = document.find(key);
  const json::Number* number = value == nullptr ? nullptr : value->as_number();
  if (number == nullptr || number->kind != json::Number::Kind::kUnsigned) return std::nullopt;
  return number->u;
}

std::optional<LedgerHead> parse(std::string_view text) {
  const auto document = json::parse(text);
  if (!document.ok() || count_of(*document, "format") != kFormat) return std::nullopt;
  const auto size_bytes = count_of(*document, "size_bytes");
  const auto rows = count_of(*document, "rows");
  const json::Value* hash = document->find("head");
  if (!size_bytes || !rows || hash == nullptr) return std::nullopt;
  LedgerHead head{*size_bytes, *rows, std::nullopt};
  if (hash->as_string() != nullptr) head.hash = *hash->as_string();
  return head;
}

}  // namespace

std::string head_file_path(const std::string& ledger_path) {
  return fs::join(fs::parent_of(ledger_path), cat("cortex_", fs::name_of(ledger_path), ".head"));
}

std::optional<LedgerHead> read_head_file(fs::FileSystem& fs, fs::File& ledger) {
  const auto text = fs::read_all(fs, head_file_path(ledger.path()), kBytesMax);
  if (!text.ok()) return std::nullopt;
  const auto head = parse(*text);
  const auto info = ledger.info();
  if (!head || !info.ok() || head->size_bytes > info->size_bytes) return std::nullopt;
  const auto tail = read_tail(ledger, head->size_bytes);
  const bool holds = tail.ok() && !tail->torn && !tail->missing_newline && tail->head == head->hash;
  return holds ? head : std::nullopt;
}

Status write_head_file(fs::FileSystem& fs, const std::string& ledger_path, const LedgerHead& head) {
  const json::Object document{{"format", kFormat},
                              {"head", head.hash ? json::Value(*head.hash) : json::Value(nullptr)},
                              {"rows", head.rows},
                              {"size_bytes", head.size_bytes}};
  return fs::overwrite(fs, head_file_path(ledger_path), json::write_compact(document) + "\n");
}

}  // namespace cortex::ledger
