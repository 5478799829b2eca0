#include "app/backup_check.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>

#include "app/plain_bundle.h"
#include "base/text.h"
#include "bundle/block_file.h"
#include "bundle/inventory.h"
#include "bundle/manifest.h"
#include "bundle/sealed.h"

namespace cortex::app {
namespace {

// `percent` of the blocks, each one with the same chance; at least one where there are any.
bundle::BlockChoice sample_of(Random& random, double percent) {
  struct Draw {
    std::uint64_t left = 0;  // still to be chosen
  };
  auto draw = std::make_shared<Draw>();
  return [&random, percent, draw](std::uint64_t index, std::uint64_t count) {
    if (index == 0) {
      const double wanted = std::ceil(static_cast<double>(count) * percent / 100.0);
      draw->left = std::min(count, static_cast<std::uint64_t>(std::max(1.0, wanted)));
    }
    // Selection sampling: the chance is what is still wanted by what is still there.
    std::uint64_t number = 0;
    random.fill(std::span(reinterpret_cast<std::uint8_t*>(&number), sizeof number));
    if (number % (count - index) >= draw->left) return false;
    --draw->left;
    return true;
  };
}

bundle::BlockChoice share_of(const BackupPart& part) {
  return [part](std::uint64_t index, std::uint64_t) { return index % part.of == part.number - 1; };
}

// Some blocks, when the values of all are known already; nullopt when everything must be read.
Result<std::optional<bundle::PartialCheck>> check_part(Services& services,
                                                       const BackupCheckRequest& request,
                                                       const bundle::ManifestFacts& manifest,
                                                       Progress* progress) {
  std::optional<bundle::PartialCheck> check;
  const auto blocks = bundle::read_block_file(services.fs, request.bundle_dir, manifest);
  if (!blocks) return check;
  const auto choice = request.part ? share_of(*request.part)
                                   : sample_of(services.random, request.sample_percent.value_or(0));
  CORTEX_ASSIGN(check,
                bundle::check_blocks(services.fs, request.bundle_dir, *blocks, choice, progress));
  return check;
}

// Leaves the values of all blocks beside the bundle, where they are not yet. A folder that cannot
// be written is a note.
void keep_blocks(Services& services, const BackupCheckRequest& request, BackupCheckReport& report,
                 Progress* progress) {
  const bundle::ManifestFacts& manifest = report.bundle.manifest;
  const auto blocks = bundle::read_blocks_of(services.fs, request.bundle_dir, manifest, progress);
  Status kept = blocks.ok() ? bundle::write_block_file(services.fs, request.bundle_dir, *blocks)
                            : Status(blocks.error());
  if (!kept.ok()) {
    report.note =
        cat("the block list beside the bundle could not be written, so that parts cannot"
            " be checked: ",
            kept.error().message);
  }
}

json::Array steps_json(const std::vector<DrillStep>& drill) {
  json::Array steps;
  for (const DrillStep& step : drill) {
    steps.push_back(json::Object{{"detail", step.detail},
                                 {"millis", step.millis},
                                 {"name", step.name},
                                 {"status", step.status}});
  }
  return steps;
}

void record_drill(Services& services, BackupCheckReport& report) {
  const bundle::ManifestFacts& manifest = report.bundle.manifest;
  const json::Object row{{"drilled_at", format_rfc3339_seconds(services.clock.now())},
                         {"jsonl_mirror_blake3", manifest.ledger.blake3},
                         {"kind", "cortex_backup_drill"},
                         {"outcome", report.drill_passed() ? "passed" : "failed"},
                         {"sqlite_store_blake3", manifest.store.blake3},
                         {"steps", steps_json(report.drill)},
                         {"v", 1}};
  const std::string path =
      cat(bundle::bundle_folder(services.fs, report.bundle_dir), bundle::kDrillsSuffix);
  const auto append = [&]() -> Status {
    CORTEX_ASSIGN(auto file, services.fs.open(path, fs::Open::kAppendOrCreate, 0600));
    CORTEX_TRY(file->append(json::write_compact(row) + "\n"));
    return file->sync_all();
  };
  if (const Status done = append(); done.ok()) {
    report.drill_record = path;
  } else {
    report.note = cat("the drill could not be recorded: ", done.error().message);
  }
}

Status check_request(const BackupCheckRequest& request) {
  const auto refuse = [](std::string message, std::string next) {
    return make_error(Code::kUsage, std::move(message), "no state was changed", std::move(next));
  };
  const int partial = (request.part ? 1 : 0) + (request.sample_percent ? 1 : 0);
  if (partial == 2 || (partial == 1 && request.drill)) {
    return refuse("a sample, a part and a drill exclude each other", "give one of them");
  }
  if (request.part && (request.part->of == 0 || request.part->number == 0 ||
                       request.part->number > request.part->of)) {
    return refuse("a part is n/t with n from 1 to t", "give for example --part 1/7");
  }
  if (request.sample_percent && !(*request.sample_percent > 0 && *request.sample_percent <= 100)) {
    return refuse("a sample is more than 0% and at most 100%", "give for example --sample 5%");
  }
  return {};
}

}  // namespace

namespace {

// Without a key: every byte is the one that was written, whatever it says.
Status check_ciphertext(Services& services, const BackupCheckRequest& request,
                        BackupCheckReport& report, Progress* progress) {
  CORTEX_ASSIGN(const auto members, bundle::check_sealed(services.fs, request.bundle_dir,
                                                         bundle::Source::kAnywhere, progress));
  for (const bundle::SealedMember& member : members) {
    report.bytes_total += member.digest.size_bytes;
  }
  report.source = "encrypted";
  report.coverage = "ciphertext";
  report.bytes_checked = report.bytes_total;
  report.bundle.manifest_path = fs::join(request.bundle_dir, bundle::kSealedManifestName);
  report.note = "the bundle is encrypted; give --identity to check what it holds";
  return {};
}

}  // namespace

bool BackupCheckReport::drill_passed() const {
  return std::ranges::none_of(drill, [](const DrillStep& step) { return step.status == "failed"; });
}

Result<BackupCheckReport> check_backup(Services& services, const Environment& environment,
                                       const BackupCheckRequest& request, Progress* progress) {
  CORTEX_TRY(check_request(request));
  BackupCheckReport report;
  report.bundle_dir = request.bundle_dir;
  if (bundle::is_sealed(services.fs, request.bundle_dir) && !request.identity_file &&
      !request.drill) {
    CORTEX_TRY(check_ciphertext(services, request, report, progress));
    return report;
  }
  CORTEX_ASSIGN(const PlainBundle plain,
                PlainBundle::open(services, {request.bundle_dir, request.identity_file},
                                  environment.get("TMPDIR").value_or("/tmp"), progress));
  report.source = plain.source_kind();
  CORTEX_TRY(bundle::check_inventory(services.fs, plain.dir()));
  const std::string manifest = fs::join(plain.dir(), bundle::kManifestName);
  const bool is_partial = request.part || request.sample_percent;
  if (is_partial && report.source == "full") {
    CORTEX_ASSIGN(report.bundle.manifest, bundle::read_manifest(services.fs, manifest));
    CORTEX_ASSIGN(const auto partial,
                  check_part(services, request, report.bundle.manifest, progress));
    if (partial) {
      report.bundle.manifest_path = manifest;
      report.coverage = request.part ? "part" : "sample";
      report.bytes_checked = partial->bytes_checked;
      report.bytes_total = partial->bytes_total;
      return report;
    }
    report.note = "there was no block list of this bundle yet, so everything was checked";
  } else if (is_partial) {
    report.note = "parts are for full, plain bundles, so everything was checked";
  }
  if (request.drill) {
    CORTEX_ASSIGN(report.bundle, bundle::find_bundle(services.fs, manifest));
    CORTEX_ASSIGN(report.drill, drill_backup(services, environment, report.bundle, progress));
  } else {
    CORTEX_ASSIGN(report.bundle, bundle::verify_bundle(services.fs, manifest, true, progress));
  }
  report.coverage = "full";
  for (const auto& artifact : report.bundle.artifacts) {
    report.bytes_total += artifact.digest.size_bytes;
  }
  report.bytes_checked = report.bytes_total;
  if (is_partial && report.source == "full") keep_blocks(services, request, report, progress);
  if (request.drill) record_drill(services, report);
  return report;
}

json::Value to_json(const BackupCheckReport& report) {
  json::Object out{{"bundle_dir", report.bundle_dir},
                   {"bytes_checked", report.bytes_checked},
                   {"bytes_total", report.bytes_total},
                   {"command", "backup.verify"},
                   {"coverage", report.coverage},
                   {"kind", report.bundle.manifest.kind},
                   {"manifest", report.bundle.manifest_path},
                   {"source", report.source},
                   {"status", report.drill_passed() ? "verified" : "drill_failed"}};
  if (report.bundle.content) out.add("content", to_json(*report.bundle.content));
  if (!report.drill.empty()) {
    out.add("drill", json::Object{{"outcome", report.drill_passed() ? "passed" : "failed"},
                                  {"record", report.drill_record},
                                  {"steps", steps_json(report.drill)}});
  }
  if (!report.note.empty()) out.add("note", report.note);
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
