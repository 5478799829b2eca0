// A clock that is far off.
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/audit_anchor.h"

namespace cortex::app {
namespace {

class FarClockTest : public AppTest {};

TEST_F(FarClockTest, AnchorOfAYearThatNoAnchorCanHold_IsRefused) {
  append(1, 1);
  AnchorRequest anchor{.layout = layout_};
  anchor.output = folder_ / "a";
  for (const std::int64_t seconds : {253'402'300'800, -62'167'219'201}) {
    clock_.time = {seconds, 0};
    const AnchorReport report = audit_anchor(services_, anchor);
    EXPECT_EQ(report.code, Code::kPrecondition);
    EXPECT_EQ(fs_.stat(folder_ / "a")->kind, fs::Kind::kMissing);
  }
}

}  // namespace
}  // namespace cortex::app
