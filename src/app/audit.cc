#include "app/audit.h"

#include "base/limits.h"
#include "base/text.h"

namespace cortex::app {
namespace {

Result<ledger::ChainReport> read_chain(Services& services, const std::string& path) {
  auto file = services.fs.open(path, fs::Open::kRead);
  if (!file.ok()) return with_code(std::move(file).error(), Code::kPrecondition);
  auto info = (*file)->info();
  if (!info.ok()) return with_code(std::move(info).error(), Code::kPrecondition);
  auto chain = ledger::verify_chain(**file, info->size_bytes);
  if (!chain.ok() && chain.error().code == Code::kInternal) {
    return with_code(std::move(chain).error(), Code::kPrecondition);
  }
  return chain;
}

}  // namespace

VerifyReport audit_verify(Services& services, const VerifyRequest& request) {
  VerifyReport report;
  report.path = request.layout.event_log_path;
  auto chain = read_chain(services, report.path);
  if (!chain.ok()) {
    report.code = chain.error().code;
    report.reason = chain.error().text();
    return report;
  }
  report.chain = std::move(chain).value();
  if (!report.chain->closed() || (request.strict && !report.chain->duplicate_ids.empty())) {
    report.code = Code::kIntegrity;
    return report;
  }
  report.boundary_required = request.require_boundary;
  report.boundary_failures.emplace();
  if (request.require_boundary) {
    report.boundary_failures = ledger::boundary_failures(*report.chain, true);
    if (!report.boundary_failures->empty()) report.code = Code::kSchema;
  }
  return report;
}

Result<RepairTailReport> repair_tail(Services& services, const Layout& layout, bool apply) {
  auto file = services.fs.open(layout.event_log_path, apply ? fs::Open::kAppend : fs::Open::kRead);
  if (!file.ok()) return with_code(std::move(file).error(), Code::kPrecondition);
  CORTEX_TRY(
      (*file)->lock(apply ? fs::Lock::kExclusive : fs::Lock::kShared, limits::kLockWaitMillisMax));
  CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(**file));
  RepairTailReport report;
  report.torn = tail.torn;
  if (!tail.torn || !apply) return report;
  CORTEX_ASSIGN(report.torn,
                ledger::move_torn_tail(services.fs, **file, tail, services.clock, services.random));
  report.applied = true;
  return report;
}

}  // namespace cortex::app
