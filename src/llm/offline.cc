#include "llm/offline.h"

#include "base/text.h"
#include "crypto/digest.h"

namespace cortex::llm {
namespace {

class Offline final : public Model {
 public:
  std::string_view adapter_id() const override { return kOfflineAdapter; }
  Result<Response> complete(const Request& request) override {
    Response response;
    response.text = cat("offline response for ", request.model);
    response.model = request.model;
    response.raw_hash = crypto::blake3_hex(response.text);
    return response;
  }
};

}  // namespace

std::unique_ptr<Model> offline_model() { return std::make_unique<Offline>(); }

}  // namespace cortex::llm
