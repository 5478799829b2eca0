#include "bundle/shelf.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "base/ulid.h"
#include "bundle/increment.h"
#include "bundle/inventory.h"
#include "bundle/manifest.h"
#include "bundle/private_folder.h"
#include "bundle/sealed.h"
#include "crypto/digest.h"
#include "json/value.h"

namespace cortex::bundle {
namespace {

constexpr std::uint64_t kManifestBytesMax = 1U << 20U;
constexpr std::string_view kPrunedMark = ".pruned.";
constexpr std::uint64_t kRecordBytesMax = 64U << 20U;

// Members that must be there with their sizes; the first one that is not is the problem.
void check_member(fs::FileSystem& fs, const Artifact& artifact, ShelvedBundle& bundle) {
  const auto info = fs.lstat(fs::join(bundle.path, artifact.name));
  if (info.ok() && info->kind == fs::Kind::kFile) bundle.size_bytes += info->size_bytes;
  if (!bundle.problem.empty()) return;
  if (!info.ok() || info->kind != fs::Kind::kFile) {
    bundle.problem = cat("`", artifact.name, "` is missing");
  } else if (info->size_bytes != artifact.size_bytes) {
    bundle.problem = cat("`", artifact.name, "` has another size than the manifest says");
  }
}

// "cortex-20260131T031500Z" as a time.
std::optional<Timestamp> time_of_name(const std::string& name) {
  const std::size_t at = name.rfind('-');
  if (at == std::string::npos || name.size() - at != 17) return std::nullopt;
  const std::string_view t = std::string_view(name).substr(at + 1);
  return parse_strict_rfc3339(cat(t.substr(0, 4), "-", t.substr(4, 2), "-", t.substr(6, 5), ":",
                                  t.substr(11, 2), ":", t.substr(13)));
}

// Sizes only: who checks digests says so.
void look_at_sealed(fs::FileSystem& fs, ShelvedBundle& bundle) {
  bundle.kind = BundleKind::kEncrypted;
  const std::string list = fs::join(bundle.path, kSealedManifestName);
  const auto info = fs.lstat(list);
  if (info.ok()) bundle.made_at = info->modified;
  bundle.made_at = time_of_name(bundle.name).value_or(bundle.made_at);
  const auto bytes = fs::read_all(fs, list, kManifestBytesMax);
  if (bytes.ok()) bundle.manifest_blake3 = crypto::prefixed_hex(crypto::blake3(*bytes));
  const auto members = read_sealed(fs, bundle.path);
  if (!members.ok()) {
    bundle.problem = members.error().message;
    return;
  }
  for (const SealedMember& member : *members) {
    check_member(fs, {member.name, member.digest.size_bytes, member.digest.blake3}, bundle);
  }
}

void look_at_increment(fs::FileSystem& fs, ShelvedBundle& bundle) {
  bundle.kind = BundleKind::kIncremental;
  const auto facts = describe_increment(fs, bundle.path);
  if (!facts.ok()) {
    bundle.problem = facts.error().message;
    return;
  }
  const Increment& increment = facts->increment;
  bundle.manifest_blake3 = facts->blake3;
  bundle.parent_blake3 = increment.parent_blake3;
  bundle.size_bytes = increment.ledger_part.size_bytes + increment.pages.size_bytes;
  bundle.made_at = parse_strict_rfc3339(facts->manifest.backup_timestamp).value_or(Timestamp{});
  bundle.ledger_rows =
      facts->manifest.document.find_unsigned("jsonl_mirror_audit_rows_scanned").value_or(0);
  // It needs what it continues, whatever is wrong with its parts.
  const Status parts = check_increment_parts(fs, bundle.path, *facts);
  if (!parts.ok()) bundle.problem = parts.error().message;
}

void look_at_manifest(fs::FileSystem& fs, const std::string& path, ShelvedBundle& bundle) {
  const auto bytes = fs::read_all(fs, path, kManifestBytesMax);
  if (bytes.ok()) bundle.manifest_blake3 = crypto::prefixed_hex(crypto::blake3(*bytes));
  const auto facts = read_manifest(fs, path);
  if (!facts.ok()) {
    bundle.problem = facts.error().message;
    return;
  }
  // read_manifest has checked that it is a time.
  bundle.made_at = parse_strict_rfc3339(facts->backup_timestamp).value_or(Timestamp{});
  bundle.ledger_rows = facts->document.find_unsigned("jsonl_mirror_audit_rows_scanned").value_or(0);
  check_member(fs, facts->store, bundle);
  check_member(fs, facts->ledger, bundle);
}

void look_at_drills(fs::FileSystem& fs, ShelvedBundle& bundle) {
  const auto text = fs::read_all(fs, cat(bundle.path, kDrillsSuffix), kRecordBytesMax);
  if (!text.ok()) return;
  for (const std::string_view line : split(*text, '\n')) {
    const auto row = json::parse(line);
    if (!row.ok()) continue;  // an empty or torn last line
    const std::string* outcome = row->find_text("outcome");
    const std::string* at = row->find_text("drilled_at");
    if (outcome != nullptr && at != nullptr) bundle.last_drill = cat(*outcome, " at ", *at);
  }
}

// Days since 1970-01-01 as a civil date (Howard Hinnant, "chrono-compatible low-level date
// algorithms").
struct Month {
  std::int64_t year = 0;
  std::int64_t month = 0;
};
Month month_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;
  const std::int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month};
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

std::int64_t day_of(Timestamp t) { return floor_div(t.seconds, 86400); }

struct Rule {
  std::string_view name;
  std::uint64_t Retention::* count;
  std::int64_t (*period)(Timestamp t);  // null: each bundle is a period of its own
};
constexpr Rule kRules[] = {
    {"last", &Retention::last, nullptr},
    {"daily", &Retention::daily, day_of},
    {"weekly", &Retention::weekly,
     [](Timestamp t) { return floor_div(day_of(t) + 3, 7); }},  // 1970-01-01 was a Thursday
    {"monthly", &Retention::monthly,
     [](Timestamp t) {
       const Month month = month_of(day_of(t));
       return month.year * 12 + month.month;
     }},
    {"yearly", &Retention::yearly, [](Timestamp t) { return month_of(day_of(t)).year; }},
};

void apply_rule(const std::vector<ShelvedBundle>& bundles, const Rule& rule, std::uint64_t count,
                std::vector<std::vector<std::string>>& reasons) {
  std::optional<std::int64_t> period;
  std::uint64_t kept = 0;
  for (std::size_t i = 0; i < bundles.size() && kept < count; ++i) {
    if (!bundles[i].problem.empty()) continue;
    if (rule.period != nullptr) {
      const std::int64_t its = rule.period(bundles[i].made_at);
      if (period == its) continue;
      period = its;
    }
    reasons[i].emplace_back(rule.name);
    ++kept;
  }
}

}  // namespace

std::string_view kind_token(BundleKind kind) {
  switch (kind) {
    case BundleKind::kFull:
      return "full";
    case BundleKind::kEncrypted:
      return "encrypted";
    case BundleKind::kIncremental:
      break;
  }
  return "incremental";
}

Result<std::vector<ShelvedBundle>> list_bundles(fs::FileSystem& fs, const std::string& dir) {
  auto names = fs.list(dir);
  if (!names.ok()) {
    Error error = with_code(std::move(names).error(), Code::kPrecondition);
    error.unchanged = "no state was changed";
    return error;
  }
  std::vector<ShelvedBundle> bundles;
  for (const std::string& name : *names) {
    if (name.starts_with('.')) continue;
    ShelvedBundle bundle;
    bundle.name = name;
    bundle.path = fs::join(dir, name);
    // A link to a bundle is none: it would get the reasons to keep, and its target would go.
    const auto folder = fs.lstat(bundle.path);
    if (!folder.ok() || folder->kind != fs::Kind::kDirectory) continue;
    const std::string manifest = fs::join(bundle.path, kManifestName);
    const auto info = fs.lstat(manifest);
    if (is_sealed(fs, bundle.path)) {
      look_at_sealed(fs, bundle);
    } else if (is_increment(fs, bundle.path)) {
      look_at_increment(fs, bundle);
    } else if (info.ok() && info->kind != fs::Kind::kMissing) {
      look_at_manifest(fs, manifest, bundle);
    } else {
      continue;
    }
    look_at_drills(fs, bundle);
    bundles.push_back(std::move(bundle));
  }
  std::ranges::sort(bundles, [](const ShelvedBundle& a, const ShelvedBundle& b) {
    return a.made_at != b.made_at ? a.made_at > b.made_at : a.name > b.name;
  });
  return bundles;
}

std::vector<std::vector<std::string>> kept_by(const std::vector<ShelvedBundle>& bundles,
                                              const Retention& retention) {
  std::vector<std::vector<std::string>> reasons(bundles.size());
  for (const Rule& rule : kRules) apply_rule(bundles, rule, retention.*rule.count, reasons);
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    if (!bundles[i].problem.empty()) reasons[i].emplace_back("not a complete bundle");
  }
  return reasons;
}

void keep_parents(const std::vector<ShelvedBundle>& bundles,
                  std::vector<std::vector<std::string>>& reasons) {
  // A parent is older than its child in general, but clocks are not to be relied upon: until
  // nothing changes. Quadratic in the number of bundles of one folder.
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t child = 0; child < bundles.size(); ++child) {
      if (reasons[child].empty() || bundles[child].parent_blake3.empty()) continue;
      for (std::size_t i = 0; i < bundles.size(); ++i) {
        if (bundles[i].manifest_blake3 != bundles[child].parent_blake3 || !reasons[i].empty())
          continue;
        reasons[i].push_back(cat("parent of ", bundles[child].name));
        changed = true;
      }
    }
  }
}

Status remove_bundle(fs::FileSystem& fs, const ShelvedBundle& bundle, Clock& clock,
                     Random& random) {
  for (const std::string_view suffix : {kBlocksSuffix, kDrillsSuffix}) {
    const std::string path = cat(bundle.path, suffix);
    CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
    if (info.kind == fs::Kind::kFile) CORTEX_TRY(fs.remove_file(path));
  }
  const std::string parent = fs::parent_of(bundle.path);
  const std::string aside =
      fs::join(parent, cat(".", bundle.name, kPrunedMark, Ulid::make(clock, random).text()));
  CORTEX_TRY(fs.rename_no_replace(bundle.path, aside));
  CORTEX_TRY(fs.sync_directory(parent));
  CORTEX_TRY(fs::remove_tree(fs, aside));
  return fs.sync_directory(parent);
}

Status remove_half_pruned(fs::FileSystem& fs, const std::string& dir) {
  CORTEX_ASSIGN(const auto names, fs.list(dir));
  for (const std::string& name : names) {
    const std::size_t mark = name.find(kPrunedMark);
    if (!name.starts_with('.') || mark == std::string::npos) continue;
    remove_dead_folders(fs, dir, name.substr(0, mark + kPrunedMark.size()));
  }
  return {};
}

}  // namespace cortex::bundle
