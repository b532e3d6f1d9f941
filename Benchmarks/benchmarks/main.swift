import Kernels
import Foundation
print(BLASKernel.debug())
