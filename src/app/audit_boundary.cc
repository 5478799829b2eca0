// `audit verify --require-v1-to-v2-boundary` (docs/formats.md, "Boundary row").
#include <utility>

#include "app/audit_section.h"

namespace cortex::app {
namespace {

constexpr std::string_view kBoundaryRule = "audit.verify.v1_to_v2_boundary";

Finding judge(const ledger::ChainReport& chain, bool required) {
  // A second boundary is a fault for those who ask for one; a misplaced one always is.
  const bool looked_at = required || !chain.misplaced_boundary_lines.empty();
  const std::vector<std::string> failures =
      looked_at ? ledger::boundary_failures(chain, required) : std::vector<std::string>{};
  Finding finding;
  finding.members.add("boundary", json::Object{{"required", required},
                                               {"ok", failures.empty()},
                                               {"failures", json::array_of(failures)}});
  std::string reason = required ? "exactly one boundary row is there" : "no boundary was asked for";
  if (!failures.empty()) {
    reason = failures.front();
    finding.code = Code::kSchema;
    finding.error = make_error(Code::kSchema, reason);
    finding.error->unchanged = "nothing was changed";
    finding.error->next = chain.boundary_lines.empty()
                              ? "migrate the ledger, or leave out --require-v1-to-v2-boundary"
                              : "compare with the ledger of your last backup";
  }
  add_verdict(finding, kBoundaryRule, trust::EdgeKind::kHashChain, "v1_to_v2_boundary",
              failures.empty(), std::move(reason));
  return finding;
}

}  // namespace

Result<std::optional<Section>> boundary_section(Services&, const VerifyRequest& request,
                                                ledger::VerifyOptions&) {
  const bool required = request.require_boundary;
  Section section{.judge = [required](const Pass& pass) { return judge(pass.chain, required); }};
  return std::optional<Section>(std::move(section));
}

}  // namespace cortex::app
