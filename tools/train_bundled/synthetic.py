"""Pictures that are no drawings, made of arithmetic: what a domain guard is tuned against, so that no photograph is.

Coloured noise whose spectrum falls like a photograph's, leaves of all sizes with shading and grain over one
another, a few soft shapes in uneven light, plain noise, and waves. [B, 3, 128, 128], uint8.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

SIDE = 128


def not_drawings(count: int, generator: torch.Generator) -> torch.Tensor:
    """Random pictures of each kind, on the CPU."""
    kinds = (clouds, leaves, leaves, waves, noise, *(shapes,) * 5)
    part, size = -(-count // len(kinds)), 20  # some choices are made per call, so calls are small
    parts = [kind(min(size, part - done), generator) for kind in kinds for done in range(0, part, size)]
    every = torch.cat(parts)
    return every[torch.randperm(len(every), generator=generator)[:count]]


def _rand(generator: torch.Generator, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


def _spectral(count: int, generator: torch.Generator, slope: torch.Tensor) -> torch.Tensor:
    """Noise [count, 3, S, S] of unit spread whose amplitude falls as frequency ** -slope; colours go together."""
    fx = torch.fft.fftfreq(SIDE)[:, None]
    fy = torch.fft.rfftfreq(SIDE)[None]
    radius = (fx**2 + fy**2).sqrt().clamp(min=1 / SIDE)
    white = torch.randn(count, 3, SIDE, SIDE, generator=generator)
    shared = _rand(generator, count, 1, 1, 1, low=0.3, high=1.0)
    white = shared * white.mean(1, keepdim=True) * 3**0.5 + (1 - shared) * white
    field = torch.fft.irfft2(torch.fft.rfft2(white) * radius ** -slope[:, None, None, None], s=(SIDE, SIDE))
    return (field - field.mean((2, 3), keepdim=True)) / field.std((1, 2, 3), keepdim=True).clamp(min=1e-6)


def _bytes(image: torch.Tensor) -> torch.Tensor:
    return (image.clamp(0, 1) * 255).round().to(torch.uint8)


def clouds(count: int, generator: torch.Generator) -> torch.Tensor:
    """Noise with the spectrum of photographs."""
    field = _spectral(count, generator, _rand(generator, count, low=0.6, high=1.8))
    contrast = _rand(generator, count, 1, 1, 1, low=0.08, high=0.3)
    level = _rand(generator, count, 3, 1, 1, low=0.2, high=0.8)
    return _bytes(level + contrast * field)


def leaves(count: int, generator: torch.Generator) -> torch.Tensor:
    """Shaded, grainy discs and slabs of all sizes over one another until the picture is full, a little blurred."""
    grid = torch.stack(torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")).float()
    image = _rand(generator, count, 3, 1, 1).expand(-1, -1, SIDE, SIDE).clone()
    for _ in range(60):
        centre = _rand(generator, count, 2, high=SIDE)
        radius = 4 / _rand(generator, count, low=0.06, high=1.0)
        away = grid[None] - centre[:, :, None, None]
        turn = _rand(generator, count, high=6.3)[:, None, None]
        along = away[:, 0] * turn.cos() + away[:, 1] * turn.sin()
        across = away[:, 1] * turn.cos() - away[:, 0] * turn.sin()
        shape = _rand(generator, count, low=0.4, high=2.5)[:, None, None]
        disc = ((along**2 + (across * shape) ** 2).sqrt() - radius[:, None, None]).neg()
        slab = torch.minimum(radius[:, None, None] - along.abs(), radius[:, None, None] / shape - across.abs())
        inside = torch.where(_rand(generator, count, 1, 1) < 0.5, disc, slab).clamp(0, 1)[:, None]
        tone = _rand(generator, count, 1, 1, 1) + _rand(generator, count, 3, 1, 1, low=-0.2, high=0.2)
        shade = (along / radius[:, None, None].clamp(min=1)).clamp(-1, 1)[:, None]
        image = image * (1 - inside) + inside * (tone + _rand(generator, count, 1, 1, 1, high=0.25) * shade)
    grain = _spectral(count, generator, _rand(generator, count, low=0.3, high=1.2))
    image = image + _rand(generator, count, 1, 1, 1, low=0.02, high=0.12) * grain
    light = _spectral(count, generator, torch.full((count,), 2.4))[:, :1]
    image = image * (1 + _rand(generator, count, 1, 1, 1, high=0.3) * light)
    soft = F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), 3, 1)
    mix = _rand(generator, count, 1, 1, 1)
    return _bytes(image * (1 - mix) + soft * mix)


def shapes(count: int, generator: torch.Generator) -> torch.Tensor:
    """A few shaded ellipses, sharp or out of focus, in uneven light; coloured or grey, with little grain."""
    grid = torch.stack(torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")).float()
    image = _rand(generator, count, 3, 1, 1).expand(-1, -1, SIDE, SIDE).clone()
    for _ in range(int(torch.randint(4, 30, (1,), generator=generator))):
        centre = _rand(generator, count, 2, high=SIDE)
        radius = 8 / _rand(generator, count, 1, 1, low=0.08, high=1.0)
        away = grid[None] - centre[:, :, None, None]
        turn = _rand(generator, count, 1, 1, high=6.3)
        along = away[:, 0] * turn.cos() + away[:, 1] * turn.sin()
        across = away[:, 1] * turn.cos() - away[:, 0] * turn.sin()
        distance = (along**2 + (across * _rand(generator, count, 1, 1, low=0.4, high=2.5)) ** 2).sqrt()
        inside = ((radius - distance) * _rand(generator, count, 1, 1, low=0.05, high=1.0)).clamp(0, 1)[:, None]
        tone = _rand(generator, count, 1, 1, 1) + _rand(generator, count, 3, 1, 1, low=-0.15, high=0.15)
        shade = (along / radius).clamp(-1, 1)[:, None]
        image = image * (1 - inside) + inside * (tone + _rand(generator, count, 1, 1, 1, high=0.35) * shade)
    light = _spectral(count, generator, _rand(generator, count, low=1.3, high=2.4))[:, :1]
    image = image * (1 + _rand(generator, count, 1, 1, 1, low=0.05, high=0.35) * light)
    grey = image.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    image = torch.where(_rand(generator, count, 1, 1, 1) < 0.4, grey, image)
    for _ in range(int(torch.randint(0, 5, (1,), generator=generator))):
        image = F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), 3, 1)
    grain = _spectral(count, generator, _rand(generator, count))
    image = image + _rand(generator, count, 1, 1, 1, high=0.03) * grain
    contrast = _rand(generator, count, 1, 1, 1, low=0.4)
    return _bytes(0.5 + (image - 0.5) * contrast + _rand(generator, count, 1, 1, 1, low=-0.2, high=0.2))


def waves(count: int, generator: torch.Generator) -> torch.Tensor:
    """Sums of a few waves, with grain: fabric, bricks, ripples."""
    line = torch.arange(SIDE).float()
    image = _rand(generator, count, 3, 1, 1, low=0.2, high=0.8).expand(-1, -1, SIDE, SIDE).clone()
    for _ in range(4):
        angle, period = _rand(generator, count, 1, 1, high=6.3), 4 + 30 * _rand(generator, count, 1, 1) ** 2
        phase = (line[None, :, None] * angle.cos() + line[None, None] * angle.sin()) * 6.3 / period
        wave = torch.where(_rand(generator, count, 1, 1) < 0.5, phase.sin(), phase.sin().sign())
        image = image + _rand(generator, count, 3, 1, 1, low=-0.12, high=0.12) * wave[:, None]
    grain = _spectral(count, generator, _rand(generator, count, low=0.2, high=1.2))
    return _bytes(image + _rand(generator, count, 1, 1, 1, low=0.03, high=0.12) * grain)


def noise(count: int, generator: torch.Generator) -> torch.Tensor:
    """Plain noise, coarse or fine, grey or coloured."""
    size = 2 ** int(torch.randint(4, 8, (1,), generator=generator))
    field = _rand(generator, count, 3, size, size)
    grey = field.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    field = torch.where(_rand(generator, count, 1, 1, 1) < 0.5, grey, field)
    return _bytes(F.interpolate(field, size=SIDE, mode="bilinear"))
