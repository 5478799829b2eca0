#include "bundle/shelf.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "bundle/increment.h"
#include "bundle/inventory.h"
#include "bundle/manifest.h"
#include "bundle/private_folder.h"
#include "bundle/sealed.h"
#include "bundle/staging.h"
#include "json/value.h"

namespace cortex::bundle {
namespace {

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

void check_status(const Status& status, ShelvedBundle& bundle) {
  if (bundle.problem.empty() && !status.ok()) bundle.problem = status.error().message;
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
  const auto info = fs.lstat(fs::join(bundle.path, kSealedManifestName));
  bundle.made_at = time_of_name(bundle.name).value_or(info.ok() ? info->modified : Timestamp{});
  const auto members = read_sealed(fs, bundle.path);
  if (!members.ok()) {
    bundle.problem = members.error().message;
    return;
  }
  for (const SealedMember& member : *members) {
    check_member(fs, {member.name, member.digest.size_bytes, member.digest.blake3}, bundle);
  }
  check_status(check_sealed_names(fs, bundle.path, *members), bundle);
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
  bundle.made_at = parse_strict_rfc3339(facts->manifest.backup_timestamp);
  bundle.ledger_rows = facts->manifest.document.find_unsigned("jsonl_mirror_audit_rows_scanned");
  bundle.parent_name = increment.parent_name;
  // It needs what it continues, whatever is wrong with its parts.
  check_status(check_increment_parts(fs, bundle.path, *facts), bundle);
}

void look_at_manifest(fs::FileSystem& fs, const std::string& path, ShelvedBundle& bundle) {
  if (auto id = bundle_id(fs, bundle.path); id.ok()) {
    bundle.manifest_blake3 = std::move(id).value();
  }
  const auto facts = read_manifest(fs, path);
  if (!facts.ok()) {
    bundle.problem = facts.error().message;
    return;
  }
  bundle.made_at = parse_strict_rfc3339(facts->backup_timestamp);
  bundle.ledger_rows = facts->document.find_unsigned("jsonl_mirror_audit_rows_scanned");
  check_member(fs, facts->store, bundle);
  check_member(fs, facts->ledger, bundle);
  check_status(check_members(fs, bundle.path), bundle);
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

// The day of `t` (UTC), cut to what the period is.
std::string date_of(Timestamp t, std::size_t length) {
  return format_rfc3339_seconds(t).substr(0, length);
}

// The Monday with which the week of `t` begins.
Timestamp monday_of(Timestamp t) {
  constexpr std::int64_t kDay = 86400;
  constexpr std::int64_t kWeek = 7 * kDay;
  constexpr std::int64_t kMonday = 4 * kDay;  // 1970-01-05
  return {t.seconds - ((t.seconds - kMonday) % kWeek + kWeek) % kWeek, 0};
}

struct Rule {
  std::string_view name;
  std::uint64_t Retention::* count;
  std::string (*period)(Timestamp t);  // null: each bundle is a period of its own
};
constexpr Rule kRules[] = {
    {"last", &Retention::last, nullptr},
    {"daily", &Retention::daily, [](Timestamp t) { return date_of(t, 10); }},
    {"weekly", &Retention::weekly, [](Timestamp t) { return date_of(monday_of(t), 10); }},
    {"monthly", &Retention::monthly, [](Timestamp t) { return date_of(t, 7); }},
    {"yearly", &Retention::yearly, [](Timestamp t) { return date_of(t, 4); }},
};

void apply_rule(const std::vector<ShelvedBundle>& bundles, const Rule& rule, std::uint64_t count,
                std::vector<std::vector<std::string>>& reasons) {
  std::string period;
  std::uint64_t kept = 0;
  for (std::size_t i = 0; i < bundles.size() && kept < count; ++i) {
    if (!bundles[i].problem.empty()) continue;
    if (rule.period != nullptr) {
      std::string its = rule.period(bundles[i].made_at.value_or(Timestamp{}));
      if (period == its) continue;
      period = std::move(its);
    }
    reasons[i].emplace_back(rule.name);
    ++kept;
  }
}

// Who cannot be put together because a bundle that it continues, or that one's, is not there. Until
// nothing changes: quadratic in the bundles of one folder.
void check_parents(std::vector<ShelvedBundle>& bundles) {
  std::vector<bool> lost(bundles.size(), false);
  const auto find_parent_of = [&](std::size_t child, bool& is_there) {
    for (std::size_t i = 0; i < bundles.size(); ++i) {
      if (bundles[i].manifest_blake3 != bundles[child].parent_blake3) continue;
      is_there = true;
      if (!lost[i]) return true;
    }
    return false;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < bundles.size(); ++i) {
      ShelvedBundle& bundle = bundles[i];
      bool is_there = false;
      if (lost[i] || bundle.parent_blake3.empty() || find_parent_of(i, is_there)) continue;
      lost[i] = changed = true;
      if (!bundle.problem.empty()) continue;
      bundle.problem = cat("the bundle ", quoted(bundle.parent_name), " that it continues ",
                           is_there ? "lacks one that it continues" : "is not beside it");
    }
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
    error.next = "name the folder that the bundles lie in";
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
  check_parents(bundles);
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
  const auto unreadable = std::ranges::find_if(bundles, [](const ShelvedBundle& bundle) {
    return bundle.kind == BundleKind::kIncremental && bundle.parent_blake3.empty();
  });
  if (unreadable != bundles.end()) {
    for (std::size_t i = 0; i < bundles.size(); ++i) {
      if (!reasons[i].empty() || bundles[i].kind == BundleKind::kEncrypted) continue;
      reasons[i].push_back(cat("perhaps parent of ", unreadable->name));
    }
  }
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
  CORTEX_ASSIGN(const std::string aside, move_aside(fs, bundle.path, kPrunedMark, clock, random));
  CORTEX_TRY(fs::remove_tree(fs, aside));
  return fs.sync_directory(fs::parent_of(bundle.path));
}

void remove_half_pruned(fs::FileSystem& fs, const std::string& dir) {
  for (const std::string_view mark : {kPrunedMark, kStagingMark}) {
    remove_marked_dead_folders(fs, dir, ".", mark);
  }
}

}  // namespace cortex::bundle
