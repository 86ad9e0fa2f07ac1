"""Dipole inversion by the alternating direction method of multipliers (ADMM): the mathematics, and the solver.

Problem. Every regularized inversion here minimizes, over maps x (ppm),

    F(D x) + sum_i G_i(K_i x)

D    convolution with the unit dipole, f the measured field (ppm)         dipole_model.py
F    data fidelity, such as F(z) = 1/2 |W (z - f)|_2^2, with w = W^2       fidelity.py, weights.py
G_i  regularizers of linear functions K_i x, in part of further unknowns:
     G_1(grad x) = lambda |grad x|_1                                      total_variation.py
     G_1(grad x - v) + G_3(E v) = lambda |grad x - v|_1
                  + lambda reach |E v|_1, slopes v (TGV)                  total_generalized_variation.py
     G_4(lap h) = beta/2 |M lap h|_2^2 for a background h in the
                  mask M, with F(D x + h) instead of F(D x)               weak_harmonic.py

Unit of length. D has none, so lengths here are in voxel lengths, the cube root of a voxel's volume: gradients are in
ppm per voxel length, lambda is in ppm voxels, beta in voxels^4, and one field has one map, be its voxels called
0.1 mm or 10 mm.

Splitting. Each function gets a variable of its own: z_1 = grad x, z_2 = D x, z_3 = E v, z_4 = lap h (K_2 = D and
G_2 = F from here on). Each constraint has a penalty mu_i (penalties.py) and a scaled dual variable u_i. From zero,
each iteration makes three steps (Boyd 2011, section 3.1.1; both splittings z_1 and z_2 as in Milovic 2018):

    z_i <- prox_{G_i / mu_i}(K_i x + u_i) = argmin_z  G_i(z) + mu_i/2 |z - K_i x - u_i|_2^2          (z step)
    u_i <- u_i + K_i x - z_i                                                                         (dual step)
    x   <- argmin_x  sum_i mu_i/2 |K_i x - z_i + u_i|_2^2                                            (x step)

The z step is separate for each voxel: for lambda |.|_1 a soft threshold by tau_1 = lambda / mu_1, for F see
fidelity.py. The x step is a convolution, as all K_i are; in Fourier space it is one division per frequency,

    (mu_1 |grad|^2 + mu_2 D^2) x = mu_1 grad^T (z_1 - u_1) + mu_2 D (z_2 - u_2),

in which v and h, if present, are first eliminated (see their files).

Stored form. The x step needs only z - u. With t = K x + u, before the dual step, z = prox(t) and u becomes t - z, so

    t = z + u,    u = t - prox(t),    z - u = t - 2 u,    next t = K x + u.

One array per component, t or u, thus stands for both z and u: GradientShrinkage and HarmonicBackground keep t, the
data term and SlopeShrinkage keep u and write z - u over K x. For lambda |.|_1 it is u = clip(t, -tau_1, tau_1).

Stopping criterion. The relative change |x_new - x| / |x_new| is at most the tolerance (iteration.py). Unlike Boyd's
primal and dual residuals it needs no earlier z. It is small, too, where the penalties make for slow steps; with the
default ones, maps of a phantom ended 4 to 10 % from where 800 iterations lead. The objective is recorded too, without
G_4, for the x that each iteration starts from.

Not by ADMM: NDI and MEDI minimize the same F by gradient descent and Gauss-Newton steps; iLSQR, QSMART, TKD, TSVD
and Tikhonov solve linear problems. In code lambda is called `lam`, as the word is reserved in Python. Symbols of the
papers that differ: Milovic's alpha_1 is lambda, alpha_0 is lambda reach (TGV), mu_h is mu_4; in RTS, Kames's rho is
mu_1 and his mu stands for 1 / lambda; Langkammer's alpha_1 and alpha_0 again are lambda and lambda reach.

References
----------
Boyd et al., Found Trends Mach Learn 2011;3:1-122, doi:10.1561/2200000016
Milovic et al., Magn Reson Med 2018;80:814-821, doi:10.1002/mrm.27073
Milovic et al., Magn Reson Med 2019;81:1399-1411, doi:10.1002/mrm.27483
Bredies et al., SIAM J Imaging Sci 2010;3:492-526, doi:10.1137/090769521
"""

import numpy as np

from ..numerics.convolution import filtered
from ..numerics.fft import irfftn, rfftn
from ..numerics.iteration import iterate
from ..numerics.parallel import for_slabs


class Admm:
    """Minimizes F(D x) + G(x), or F(D x + h) + G(x) + G_4(lap h), over maps x; see the module's docstring.

    An iteration costs two pairs of transforms with total variation, five with TGV, and one more with a background.

    Parameters
    ----------
    model : DipoleModel
        D and its grid.
    regularizer : TotalVariation or TotalGeneralizedVariation
        G. Makes the z and dual steps of its own variables and solves the x step.
    mu_2 : float
        Penalty of the data splitting z_2 = D x (+ h).
    background : HarmonicBackground, optional
        h and G_4.

    Attributes
    ----------
    x, field : ndarray
        The present map and D x (+ h), on the padded grid.
    """

    def __init__(self, model, regularizer, mu_2, background=None):
        self.model, self.regularizer, self.background = model, regularizer, background
        self.mu_2 = np.float32(mu_2)
        xp = self.xp = model.xp
        regularizer.prepare(mu_2, background.squares() if background else xp.square(model.kernel))
        self.u_2, self.x, self.field = (xp.zeros(model.shape, np.float32) for _ in range(3))

    def run(self, fidelity, iterations, tolerance, progress, name="convergence"):
        """Iterate from the present map; call it again to go on, for example with another fidelity.

        Parameters
        ----------
        fidelity : Fidelity
            F.
        iterations : int
            Maximum number of iterations.
        tolerance : float
            Relative change of the map at which to stop.
        progress : Progress
            Takes objective and change of each iteration under `name`.
        name : str

        Returns
        -------
        ndarray
            The map on the padded grid.
        """

        def step(x):
            data = rfftn(self._data_step(fidelity))
            self.x = self._x_step(x, data)
            return self.x, self.cost + self.regularizer.cost

        return iterate(step, self.x, iterations, tolerance, progress, name)

    def _data_step(self, fidelity):
        """z and dual step of the data term; returns z_2 - u_2, written over the field. Sets `cost`, F of the field."""
        xp, field, costs = self.xp, self.field, np.zeros(len(self.field))

        def work(start, stop):
            planes = slice(start, stop)
            t = field[planes]
            costs[start] = fidelity.cost(t, planes)
            t += self.u_2[planes]
            z = fidelity.proximal(t, planes, self.mu_2)
            xp.subtract(t, z, out=self.u_2[planes])
            xp.subtract(z, self.u_2[planes], out=t)

        for_slabs(work, field)
        self.field, self.cost = None, float(costs.sum())
        return field

    def _x_step(self, x, data):
        """The next map; sets `field`. data: spectrum of z_2 - u_2, overwritten."""
        if self.background:
            self.background.eliminate(data)
        spectrum = self.regularizer.solve(x, data)
        if self.background:
            self.field = self.background.field(spectrum)
        else:
            self.field = filtered(spectrum, self.model.kernel, self.model.shape)
        return irfftn(spectrum, self.model.shape)
