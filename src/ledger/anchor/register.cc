#include "ledger/anchor/register.h"

#include "base/text.h"
#include "crypto/sha256.h"

namespace cortex::ledger {
namespace {

constexpr std::uint64_t kRegisterBytesMax = 64U << 20;

// A name that would not stay on its line is left out.
std::string register_line(const WrittenRecord& one) {
  const std::string digest = crypto::sha256_hex(one.record);
  const std::string name(fs::name_of(one.history));
  const bool plain = !name.empty() && name.find('\n') == std::string::npos;
  return plain ? cat(digest, " ", name, "\n") : cat(digest, "\n");
}

std::string_view record_text_of(std::string_view text, const RecordLine& record) {
  return text.substr(record.begin, record.end - record.begin);
}

}  // namespace

std::string register_path(const std::string& ledger_path) {
  return fs::join(fs::parent_of(ledger_path), cat("cortex_", fs::name_of(ledger_path), ".anchors"));
}

Status register_records(fs::FileSystem& fs, const std::string& ledger_path,
                        const std::vector<WrittenRecord>& records) {
  std::string lines;
  for (const WrittenRecord& record : records) lines += register_line(record);
  CORTEX_ASSIGN(const auto file, fs.open(register_path(ledger_path), fs::Open::kAppendOrCreate));
  CORTEX_TRY(file->append(lines));
  return file->sync_data();
}

Result<std::optional<Register>> Register::read(fs::FileSystem& fs, const std::string& ledger_path) {
  const std::string path = register_path(ledger_path);
  CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
  if (info.kind == fs::Kind::kMissing) return std::optional<Register>();
  auto text = fs::read_all(fs, path, kRegisterBytesMax);
  if (!text.ok()) return with_code(std::move(text).error(), Code::kPrecondition);
  Register out;
  for (const std::string_view line : split(*text, '\n')) {
    const std::size_t space = line.find(' ');
    const std::string digest(line.substr(0, space));
    if (digest.empty()) continue;
    out.digests_.insert(digest);
    if (space == std::string_view::npos) continue;
    out.by_history_[std::string(line.substr(space + 1))].insert(digest);
  }
  return std::optional<Register>(std::move(out));
}

bool Register::knows(std::string_view record) const {
  return digests_.contains(crypto::sha256_hex(record));
}

Result<std::vector<std::size_t>> Register::unknown(const RecordFormat& format,
                                                   std::string_view text) const {
  CORTEX_ASSIGN(const auto records, split_records(format, text));
  std::vector<std::size_t> lines;
  for (const RecordLine& record : records) {
    if (!knows(record_text_of(text, record))) lines.push_back(record.line);
  }
  return lines;
}

Result<std::size_t> Register::missing(const RecordFormat& format, std::string_view text,
                                      const std::string& path) const {
  const auto written = by_history_.find(fs::name_of(path));
  if (written == by_history_.end()) return std::size_t{0};
  CORTEX_ASSIGN(const auto records, split_records(format, text));
  std::multiset<std::string> left = written->second;
  for (const RecordLine& record : records) {
    const auto found = left.find(crypto::sha256_hex(record_text_of(text, record)));
    if (found != left.end()) left.erase(found);
  }
  return left.size();
}

}  // namespace cortex::ledger
