#include "llm/sensitivity.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace cortex::llm {
namespace {

class Gated final : public Model {
 public:
  Gated(std::unique_ptr<Model> model, Sensitivity max) : model_(std::move(model)), max_(max) {}

  std::string_view adapter_id() const override { return model_->adapter_id(); }
  bool is_remote() const override { return model_->is_remote(); }
  Result<std::string> examine() override { return model_->examine(); }
  Result<Response> complete(const Request& request) override {
    CORTEX_TRY(check(request));
    return model_->complete(request);
  }
  Result<Response> stream(const Request& request, const OnDelta& on_delta) override {
    CORTEX_TRY(check(request));
    return model_->stream(request, on_delta);
  }

 private:
  Status check(const Request& request) const {
    return model_->is_remote() ? check_sensitivity(request, max_) : Status();
  }

  std::unique_ptr<Model> model_;
  Sensitivity max_;
};

}  // namespace

Status check_sensitivity(const Request& request, Sensitivity max) {
  Sensitivity highest = std::max(request.marked, core::sensitivity_of_text(request.system));
  for (const Message& message : request.messages) {
    highest = std::max(highest, core::sensitivity_of_text(message.content));
  }
  if (highest <= max) return {};
  return make_error(
      Code::kPrecondition,
      cat(kSensitivityToken, ": the prompt is marked ", core::sensitivity_token(highest),
          " and exceeds configured max_sensitivity ", core::sensitivity_token(max)),
      "nothing was sent", "ask a model on this machine, or raise max_sensitivity",
      kSensitivityToken);
}

std::unique_ptr<Model> gated(std::unique_ptr<Model> model, Sensitivity max) {
  return std::make_unique<Gated>(std::move(model), max);
}

}  // namespace cortex::llm
