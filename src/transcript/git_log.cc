// The output of `git log` (medium, full or fuller, with or without --stat or -p): one event a
// commit.
#include <utility>

#include "base/text.h"
#include "transcript/readers.h"
#include "transcript/text_lines.h"

namespace cortex::transcript {
namespace {

constexpr std::string_view kCommit = "commit ";
constexpr std::size_t kHashMin = 40;
// Diffs are long; what goes beyond is counted, not kept.
constexpr std::size_t kChangesBytesMax = 1U << 20;

std::string hash_in(std::string_view line) {
  if (!line.starts_with(kCommit)) return {};
  std::string_view hash = line.substr(kCommit.size());
  hash = hash.substr(0, hash.find(' '));
  if (hash.size() < kHashMin || !is_lower_hex(hash)) return {};
  return std::string(hash);
}

// Header lines by their names.
struct Commit {
  std::string hash, author, date, message, changes;
  std::uint64_t dropped = 0;
  bool in_header = true;
};

class GitLog {
 public:
  explicit GitLog(Emitter& out) : out_(out) {}

  Status line(std::string_view text) {
    if (std::string hash = hash_in(text); !hash.empty()) {
      CORTEX_TRY(finish());
      commit_.hash = std::move(hash);
      return {};
    }
    if (commit_.hash.empty()) return before(text);
    if (commit_.in_header) {
      header(text);
    } else if (text.starts_with("    ")) {
      commit_.message += cat(text.substr(4), "\n");
    } else if (text.empty()) {
      if (commit_.changes.empty()) commit_.message += "\n";
    } else if (commit_.changes.size() < kChangesBytesMax) {
      commit_.changes += cat(text, "\n");
    } else {
      commit_.dropped += text.size() + 1;
    }
    return {};
  }

  Status finish() {
    if (commit_.hash.empty()) return {};
    json::Object payload{{"author", commit_.author},
                         {"commit", commit_.hash},
                         {"date", commit_.date},
                         {"message", trim(commit_.message)}};
    if (!commit_.changes.empty()) payload.add("changes", commit_.changes);
    if (commit_.dropped > 0) payload.add("changes_bytes_dropped", commit_.dropped);
    const Place place{.session = {}, .key = commit_.hash, .at = git_time(commit_.date)};
    commit_ = {};
    return out_.emit(place, core::SourceType::kTool, "git", core::EventType::kCodeDiff,
                     std::move(payload));
  }

 private:
  Status before(std::string_view text) {
    if (is_blank(text)) {
      ++out_.counts().empty;
      return {};
    }
    return out_.malformed(
        {.session = {}, .key = numbered_key("line", out_.counts().lines), .with_content = true},
        text, "no commit");
  }

  void header(std::string_view text) {
    if (text.empty()) {
      commit_.in_header = false;
      return;
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view name = text.substr(0, colon), value = trim(text.substr(colon + 1));
    if (name == "Author") commit_.author = value;
    if (name == "Date" || name == "AuthorDate") commit_.date = value;
    if (name == "CommitDate" && commit_.date.empty()) commit_.date = value;
  }

  // "Sat Jan 31 12:00:00 2026 +0100", as git has it without --date, or what other formats have.
  static std::optional<Timestamp> git_time(const std::string& text) {
    if (const auto time = time_of_text(text)) return time;
    const auto words = split(text, ' ');
    std::vector<std::string_view> parts;
    for (const std::string_view word : words) {
      if (!word.empty()) parts.push_back(word);
    }
    if (parts.size() == 3 && parts[0].size() == 10) {  // --date=iso
      return time_of_text(cat(parts[0], "T", parts[1], offset(parts[2])));
    }
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (parts.size() != 6) return std::nullopt;
    const std::size_t month = kMonths.find(parts[1]);
    if (parts[1].size() != 3 || month == std::string_view::npos || month % 3 != 0) {
      return std::nullopt;
    }
    const std::size_t number = month / 3 + 1;
    return time_of_text(cat(parts[4], number < 10 ? "-0" : "-", number,
                            parts[2].size() < 2 ? "-0" : "-", parts[2], "T", parts[3],
                            offset(parts[5])));
  }
  // "+0100" as "+01:00".
  static std::string offset(std::string_view text) {
    return text.size() == 5 ? cat(text.substr(0, 3), ":", text.substr(3)) : std::string(text);
  }

  Emitter& out_;
  Commit commit_;
};

}  // namespace

Status read_git_log(const ReadAt& read, Emitter& out) {
  GitLog log(out);
  return read_text_lines(read, out, log);
}

}  // namespace cortex::transcript
