// `cortex_<ledger name>.anchors`: the SHA-256 of every anchor and receipt record that was made of
// this ledger here and the name of the history that it was appended to, one a line. An anchor's
// time and a receipt's free members are covered by no other hash, and nothing else knows how many
// records a history had: with the register a single changed bit in such a file is noticed, and a
// record that was cut off. It is a witness of accidents, not of forgers who can write beside the
// ledger, and it may be lost.
#pragma once

#include <map>
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
inline constexpr std::string_view kRecordMissingToken = "audit.verify.record_missing";

std::string register_path(const std::string& ledger_path);

struct WrittenRecord {
  std::string record;  // header and body with their line ends
  // Path of the history that it was appended to; empty: none. Files of one record are made again
  // under the same name, so that nothing is missing in them.
  std::string history;
};
// Appends the digests of records and the names of their histories, and syncs.
Status register_records(fs::FileSystem& fs, const std::string& ledger_path,
                        const std::vector<WrittenRecord>& records);

class Register {
 public:
  // nullopt when this ledger has none. Code::kPrecondition when it cannot be read.
  static Result<std::optional<Register>> read(fs::FileSystem& fs, const std::string& ledger_path);

  bool knows(std::string_view record) const;
  // Lines of the bodies of those records of `text` that are not known. `text` must split.
  Result<std::vector<std::size_t>> unknown(const RecordFormat& format, std::string_view text) const;
  // How many records were appended to a history of this name that `text`, its contents, does not
  // hold.
  Result<std::size_t> missing(const RecordFormat& format, std::string_view text,
                              const std::string& path) const;

 private:
  std::set<std::string, std::less<>> digests_;
  std::map<std::string, std::multiset<std::string>, std::less<>> by_history_;
};

}  // namespace cortex::ledger
