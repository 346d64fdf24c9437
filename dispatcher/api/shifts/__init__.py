"""Take over a desk from whoever goes: what is open, who has taken over before."""
