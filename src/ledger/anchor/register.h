// `cortex_<ledger name>.anchors`: the SHA-256 of every anchor and receipt record that was made of
// this ledger here, one a line. An anchor's time and a receipt's free members are covered by no
// other hash: with the register a single changed bit in such a file is noticed. It is a witness of
// accidents, not of forgers who can write beside the ledger, and it may be lost.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "ledger/anchor/records.h"

namespace cortex::ledger {

inline constexpr std::string_view kNotRegisteredToken = "audit.verify.record_not_registered";

std::string register_path(const std::string& ledger_path);

// Appends the digests of whole records (header and body with their line ends) and syncs.
Status register_records(fs::FileSystem& fs, const std::string& ledger_path,
                        const std::vector<std::string>& records);

class Register {
 public:
  // nullopt when this ledger has none. Code::kPrecondition when it cannot be read.
  static Result<std::optional<Register>> read(fs::FileSystem& fs, const std::string& ledger_path);

  bool knows(std::string_view record) const;
  // Lines of the bodies of those records of `text` that are not known. `text` must split.
  Result<std::vector<std::size_t>> unknown(const RecordFormat& format, std::string_view text) const;

 private:
  std::set<std::string, std::less<>> digests_;
};

}  // namespace cortex::ledger
