#include "ledger/anchor/register.h"

#include "base/text.h"
#include "crypto/sha256.h"

namespace cortex::ledger {
namespace {

constexpr std::uint64_t kRegisterBytesMax = 64U << 20;

}  // namespace

std::string register_path(const std::string& ledger_path) {
  return fs::join(fs::parent_of(ledger_path), cat("cortex_", fs::name_of(ledger_path), ".anchors"));
}

Status register_records(fs::FileSystem& fs, const std::string& ledger_path,
                        const std::vector<std::string>& records) {
  std::string lines;
  for (const std::string& record : records) lines += crypto::sha256_hex(record) + "\n";
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
    if (!line.empty()) out.digests_.emplace(line);
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
    if (!knows(text.substr(record.begin, record.end - record.begin))) lines.push_back(record.line);
  }
  return lines;
}

}  // namespace cortex::ledger
