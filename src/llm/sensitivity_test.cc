#include "llm/sensitivity.h"

#include <gtest/gtest.h>

namespace cortex::llm {
namespace {

using enum Sensitivity;

// Keeps what reaches it.
class Listener final : public Model {
 public:
  Listener(bool remote, int& heard) : remote_(remote), heard_(heard) {}
  std::string_view adapter_id() const override { return "listener"; }
  bool is_remote() const override { return remote_; }
  Result<Response> complete(const Request&) override {
    ++heard_;
    return Response{};
  }

 private:
  bool remote_;
  int& heard_;
};

Request marked(std::string text) {
  Request request;
  request.messages = {{Role::kUser, "hello"}, {Role::kTool, std::move(text)}};
  return request;
}

TEST(Sensitivity, NothingMarkedHigherThanAllowedIsSent) {
  for (const auto& [max, text, passes] : {std::tuple{kLow, "", true},
                                          {kLow, "[sens:medium]", false},
                                          {kMedium, "[sens:medium]", true},
                                          {kMedium, "[sensitivity:high]", false},
                                          {kHigh, "[sensitivity:high]", true}}) {
    int heard = 0;
    const auto model = gated(std::make_unique<Listener>(true, heard), max);
    const auto once = model->complete(marked(text));
    const auto streamed = model->stream(marked(text), [](std::string_view) { return true; });
    EXPECT_EQ(once.ok(), passes) << text;
    EXPECT_EQ(streamed.ok(), passes) << text;
    EXPECT_EQ(heard, passes ? 2 : 0);
    if (!passes) {
      EXPECT_EQ(once.error().token, kSensitivityToken);
    }
  }
}

TEST(Sensitivity, TheSystemTextIsLookedAtToo) {
  Request request = marked("");
  request.system = "[sens:high]";
  EXPECT_FALSE(check_sensitivity(request, kMedium).ok());
}

TEST(Sensitivity, ARequestIsMarkedByWhatItsTextsComeFrom) {
  Request request = marked("a plain claim");
  EXPECT_TRUE(check_sensitivity(request, kLow).ok());
  request.marked = kHigh;
  const Status refused = check_sensitivity(request, kMedium);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().token, kSensitivityToken);
  EXPECT_TRUE(check_sensitivity(request, kHigh).ok());
}

TEST(Sensitivity, AModelOnThisMachineMayHearAll) {
  int heard = 0;
  const auto model = gated(std::make_unique<Listener>(false, heard), kLow);
  EXPECT_TRUE(model->complete(marked("[sens:high]")).ok());
  EXPECT_EQ(heard, 1);
}

}  // namespace
}  // namespace cortex::llm
